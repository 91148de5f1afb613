"""`labkit class help`: show who needs help in a class, or answer one student."""

from pathlib import Path
from time import time

import click

from labkit.classroom.board import Board, Cell, Row, minutes, tries
from labkit.classroom.cases import lines as case_lines
from labkit.classroom.help.answering import Answering
from labkit.classroom.help.case_notebook import file_name, notebook
from labkit.classroom.help.notes import Notes
from labkit.classroom.posting import BadPost, Refusal
from labkit.classroom.record import ClassRecord
from labkit.commands.class_.board import record_of
from labkit.commands.class_.which import which_class
from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import why
from labkit.platform.replacing import write
from labkit.review.report import printable
from labkit.wire.audit.schema import AuditError

NOBODY = "nobody is asking for help, and nobody seems stuck"
EXAMPLES = """\b
Examples:
  labkit class help physics                        # who is asking, who is stuck, and on which check
  labkit class help physics otter                  # the case that otter sent, as a notebook
  labkit class help physics otter --hint           # the next hint on the check that fails
  labkit class help physics otter --note "Count bytes, not frames."
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("name", required=False)
@click.option("--exercise", metavar="ID", help="The exercise.  [default: the one that NAME asks about]")
@click.option("--note", "text", metavar="TEXT", help="Write a note that appears above each of NAME's notebooks.")
@click.option("--hint", "is_hint", is_flag=True, help="Send the first hint that NAME has not seen.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write the case to.  [default: CLASS-help]",
)
def help(
    class_id: str,
    file: Path | None,
    name: str | None,
    exercise: str | None,
    text: str | None,
    is_hint: bool,
    folder: Path | None,
) -> None:
    """Show who needs help in a CLASS, or answer the student NAME.

    A case is one failed answer and what the check found. The student has seen it and agreed to send it. It opens as a
    notebook, and nothing in it runs until you run it.

    Works whether or not the class server is running; a note written while it is down arrives when it starts.
    """
    if text is not None and is_hint:
        raise CannotRun("--note and --hint cannot be combined; give one of them")
    if name is None and (text is not None or is_hint or exercise):
        raise CannotRun("--note, --hint and --exercise need a student; give the class and a NAME")
    record = record_of(class_id, file)
    try:
        if name is None:
            for line in lines(record, round(1000 * time())):
                click.echo(printable(line))
            return
        answering = Answering(record, Notes(record.path))
        if text is not None or is_hint:
            click.echo(printable(_answered(answering, name, exercise, text)))
        else:
            _open(answering, record, name, exercise, folder or Path(f"{class_id}-help"))
    except (BadPost, Refusal, AuditError) as error:
        raise CannotRun(str(error)) from None


def _answered(answering: Answering, name: str, exercise: str | None, text: str | None) -> str:
    about, _ = answering.at(name, exercise)
    if text is not None:
        answering.note(name, about, text)
        return f"a note on {about} goes to {name}"
    hint = answering.hint(name, about)
    return f"hint {hint.step} on {hint.check} of {about} goes to {name}: {hint.text}"


def _open(answering: Answering, record: ClassRecord, name: str, exercise: str | None, folder: Path) -> None:
    about, cell = answering.at(name, exercise)
    now = round(1000 * time())
    click.echo(printable(f"{name}  {about}: {_state(cell, now)}"))
    shown = answering.case(name, about)
    path = folder / file_name(name, about)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, notebook(name, shown))
    except OSError as error:
        raise CannotRun(f"cannot write {path}: {why(error)}") from None
    for line in case_lines(shown.failed):
        click.echo(printable(line))
    click.echo(f"as a notebook: {path}")


def lines(record: ClassRecord, now: int) -> list[str]:
    """Return who needs help, as lines of text. `now`: milliseconds since 1970."""
    board = record.board
    headline = board.headline()
    shown = [headline] if headline else []
    for name, row in _by_need(board):
        why_stuck = row.stuck(now)
        if row.hand:
            cell = row.cells[row.hand]
            failing = cell.failing(now)
            case = "  sent a case" if row.hand in record.cases.of(name) else ""
            asked = f"has been asking about {row.hand} for {minutes(now - (row.hand_at or now))}"
            shown.append(f"{name}  {asked}{f'; {failing}' if failing else ''}{case}")
        elif why_stuck:
            shown.append(f"{name}  stuck in {row.current}: {why_stuck}")
    return shown or [NOBODY]


def _by_need(board: Board) -> list[tuple[str, Row]]:
    """Return the students with raised hands, longest-waiting first, then the others by name."""
    return sorted(board.students.items(), key=lambda one: (one[1].hand is None, one[1].hand_at or 0, one[0]))


def _state(cell: Cell | None, now: int) -> str:
    if cell is None:
        return "not begun"
    return f"{cell.failing(now) or cell.status}; {minutes(cell.on_task_ms(now))} on it, {tries(cell.tries)} in all"
