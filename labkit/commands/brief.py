"""`labkit brief`: print the requirements for a coding assistant, as Markdown."""

from typing import cast, get_args

import click

from labkit.brief.constraints import Stack
from labkit.brief.writing import Part
from labkit.brief.writing import brief as written

EXAMPLES = """\b
Examples:
  labkit brief                                  # server and client, for any stack
  labkit brief --stack node-ws --for server
  labkit brief --for schema > messages.md       # JSON Schema and TypeScript types
"""


@click.command(epilog=EXAMPLES)
@click.option("--stack", type=click.Choice(get_args(Stack)), default="any", show_default=True, help="The library.")
@click.option(
    "--for",
    "part",
    type=click.Choice(get_args(Part)),
    default="all",
    show_default=True,
    help="Print the requirements of one part only.",
)
def brief(stack: str, part: str) -> None:
    """Print requirements to paste to a coding assistant.

    Each requirement names the probe of `labkit review` that judges it.
    """
    click.echo(written(cast(Stack, stack), cast(Part, part)), nl=False)
