"""`labkit class remove`: names that do not belong to a class, while it goes on."""

from pathlib import Path

import click

from labkit.classroom.register import OtherClass, open_register
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.wire.audit.writer import AuditError

EXAMPLES = """\b
Examples:
  labkit class remove physics troll           # within a second the server has ended what troll had opened
  labkit class remove physics troll-1 troll-2
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def remove(class_id: str, file: Path | None, names: tuple[str, ...]) -> None:
    """Take each NAME off a CLASS. The server may run meanwhile; what was said stays in the class's log."""
    try:
        removed = open_register(existing_file(class_id, file), class_id).remove(names)
    except (AuditError, OtherClass) as error:
        raise CannotRun(str(error)) from None
    click.echo(f"removed: {', '.join(removed) or 'nobody'}")
    if len(removed) < len(names):
        raise CannotRun("the other names have no seat in this class; `labkit class board` lists those that have")
