"""`labkit explain CODE`: a row of the close-code table."""

import click

from labkit.rules.close_codes import TABLE, row

EXAMPLES = """\b
Examples:
  labkit explain 1013
  labkit explain         # every close code
"""


@click.command(epilog=EXAMPLES)
@click.argument("code", type=click.IntRange(1000, 4999), required=False)
def explain(code: int | None) -> None:
    """Say what a close code means and what a client does about it. Without CODE: the whole table."""
    for known in [row(code)] if code is not None else TABLE.values():
        click.echo(known)
