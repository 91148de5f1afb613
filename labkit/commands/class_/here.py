"""`labkit class here`: let students who fell behind catch up to an exercise."""

from pathlib import Path

import click

from labkit.classroom.posting import BadPost, Refusal
from labkit.classroom.solutions import OpenSolutions, move, up_to
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.wire.audit.schema import AuditError

NONE = "nobody can catch up; `labkit class here CLASS ID` names the exercise that the class has reached"
EXAMPLES = """\b
Examples:
  labkit class here physics 04-validator     # students who fell behind can get 02-auth to 04-validator
  labkit class here physics                  # show how far the class is
  labkit class here physics --none           # stop offering solutions
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("exercise_id", metavar="[ID]", required=False)
@click.option("--none", "is_none", is_flag=True, help="Stop letting students catch up.")
def here(class_id: str, file: Path | None, exercise_id: str | None, is_none: bool) -> None:
    """Record that a CLASS has reached exercise ID, and let students who fell behind catch up to it.

    Every notebook in the class shows a banner. A student who runs `classroom.catch_up()` then gets our solution to each
    exercise up to ID that they have not passed; their own notebook is kept beside it.
    """
    if is_none and exercise_id:
        raise CannotRun("--none and an exercise cannot be combined; give one of them")
    opened = OpenSolutions(existing_file(class_id, file))
    try:
        if is_none or exercise_id:
            move(opened, exercise_id or "")
        reached = up_to(opened.here())
    except (BadPost, Refusal, AuditError) as error:
        raise CannotRun(str(error)) from None
    click.echo(f"students can catch up to {reached[-1]}: {', '.join(reached)}" if reached else NONE)
