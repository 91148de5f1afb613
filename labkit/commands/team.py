"""`labkit team init DIR`: write a team's realtime rules into a folder."""

from pathlib import Path

import click

from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import describe
from labkit.team import joining

EXAMPLES = """\b
Examples:
  labkit team init .
"""


@click.group(epilog=EXAMPLES)
def team() -> None:
    """Set up a team's realtime rules."""


@team.command(
    epilog="""\b
Examples:
  labkit team init .          # adds what is missing; existing lines stay
  labkit team init new-app
"""
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write CLAUDE.md, AGENTS.md, REVIEW.md, policies, a runbook and a workflow into DIR.

    Files and lines that exist are not changed. Each rule names the probe or the command that proves it.
    """
    try:
        changes = joining.init(folder)
    except OSError as error:
        raise CannotRun(f"cannot write to {folder}: {describe(error)}; free the path or name another folder") from None
    for name, change in changes.items():
        click.echo(f"{change.value:9} {name}")
