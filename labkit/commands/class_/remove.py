"""`labkit class remove`: remove students from a class and close their connections."""

from pathlib import Path

import click

from labkit.classroom.register import OtherClass, open_register
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.wire.audit.writer import AuditError

EXAMPLES = """\b
Examples:
  labkit class remove physics troll           # a running server closes troll's connections within a second
  labkit class remove physics troll-1 troll-2
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def remove(class_id: str, file: Path | None, names: tuple[str, ...]) -> None:
    """Remove each NAME from a CLASS and close that student's connections. Past records stay in the class log.

    Works whether or not the class server is running.
    """
    try:
        removed = open_register(existing_file(class_id, file), class_id).remove(names)
    except (AuditError, OtherClass) as error:
        raise CannotRun(str(error)) from None
    click.echo(f"removed: {', '.join(removed) or 'nobody'}")
    if len(removed) < len(names):
        raise CannotRun("the other names are not enrolled in this class; `labkit class board` lists those that are")
