"""`labkit class solution`: open our solution to an exercise for the class, or close it again."""

from pathlib import Path

import click

from labkit.classroom.solutions import HAS_NONE, OpenSolutions
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.course.exercises import NoExercise
from labkit.course.exercises import exercise as by_id
from labkit.course.paths import solutions
from labkit.wire.audit.schema import AuditError

EXAMPLES = """\b
Examples:
  labkit class solution physics                     # which are open
  labkit class solution physics 06-outbox           # from now on, everybody can get it
  labkit class solution physics 06-outbox --close   # only after a verified pass again
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--close", "is_closing", is_flag=True, help="Require a verified pass for these solutions again.")
def solution(class_id: str, file: Path | None, ids: tuple[str, ...], is_closing: bool) -> None:
    """Open our solutions to the exercises ID for a CLASS, and print which are open.

    Students get an open solution with `labkit course diff ID`, and any other after a verified pass.
    """
    opened = OpenSolutions(existing_file(class_id, file))
    try:
        wanted = [by_id(one).id for one in ids]
        if is_closing and not wanted:
            raise CannotRun("--close needs an exercise; name those to close")
        if wanted and not is_closing and solutions() is None:
            raise CannotRun(HAS_NONE)
        if wanted:
            (opened.close if is_closing else opened.open)(wanted)
        click.echo(f"open: {', '.join(opened.all()) or 'none'}")
    except (NoExercise, AuditError) as error:
        raise CannotRun(str(error)) from None
