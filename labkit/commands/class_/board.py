"""`labkit class board`: print the progress board of a class as text."""

from pathlib import Path
from time import time

import click

from labkit.classroom.board import Board, Row
from labkit.classroom.catalogue import of_course
from labkit.classroom.record import ClassRecord
from labkit.classroom.register import OtherClass, Register
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.review.report import printable
from labkit.wire.audit.writer import AuditError

MARKS = {"pass": "pass", "fail": "FAIL", "started": "started", "inconclusive": "unsure", "help": "HELP"}
EXAMPLES = """\b
Examples:
  labkit class board physics                 # the live page is at /board on the class server
  watch -n 5 labkit class board physics
"""


def record_of(class_id: str, file: Path | None) -> ClassRecord:
    """Read the record of a class from its file. Its board lists every enrolled student. Raises CannotRun."""
    path = existing_file(class_id, file)
    record = ClassRecord(path, class_id, of_course().exercises)
    try:
        record.catch_up()
        register = Register(path, class_id)
        for name in register.names():
            record.board.add(name)
        for name in register.removed():
            record.board.students.pop(name, None)
    except (AuditError, OtherClass) as error:
        raise CannotRun(str(error)) from None
    return record


@click.command(epilog=EXAMPLES)
@which_class
def board(class_id: str, file: Path | None) -> None:
    """Print each student's progress in a CLASS, who is stuck and why, and which checks fail most often.

    Works whether or not the class server is running.
    """
    for line in lines(record_of(class_id, file).board, round(1000 * time())):
        click.echo(printable(line))


def lines(board: Board, now: int) -> list[str]:
    """Return the board as lines of text. `now`: milliseconds since 1970."""
    width = max([len("participant"), *map(len, board.students)])
    columns = [name for name in board.exercises if any(name in row.cells for row in board.students.values())]
    shown = ["  ".join([f"{'participant':<{width}}", *columns])]
    for name, row in sorted(board.students.items()):
        cells = [MARKS[row.cells[column].status] if column in row.cells else "." for column in columns]
        progress = "  ".join(f"{cell:<{len(column)}}" for cell, column in zip(cells, columns))
        hand = f"  asks about {row.hand}" if row.hand else ""
        why = row.stuck(now)
        stuck = f"  stuck: {why}" if why else ""
        shown.append(f"{name:<{width}}  {progress}{hand}{stuck}{_readiness(row)}".rstrip())
    catalogue = of_course().listed
    headline = board.headline()
    shown += ["", headline] if headline else []
    for count, exercise, check, _ in board.wall():
        listed = catalogue.get(exercise)
        shown.append(f"{count} x {listed.checks.get(check, check) if listed else check} ({exercise}, {check})")
    return shown


def _readiness(row: Row) -> str:
    """Return what `labkit doctor` found on a student's machine. "ready" matters only before the first exercise."""
    if row.missing:
        return f"  not ready: {', '.join(row.missing)}"
    return "  ready" if row.missing is not None and row.current is None else ""
