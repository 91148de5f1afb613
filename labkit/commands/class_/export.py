"""`labkit class export`: export the results of a class for spreadsheets, programs and grade books."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from labkit.classroom.after.facts import read
from labkit.classroom.after.writing import INDEX, NoFolder
from labkit.classroom.after.writing import write as write_pages
from labkit.classroom.board import Board
from labkit.classroom.catalogue import of_course
from labkit.classroom.export import (
    COLUMNS,
    VOTE_COLUMNS,
    NoGradebook,
    Row,
    Verdicts,
    by_student,
    gradebook,
    into_nbgrader,
    rows,
    votes,
    write_csv,
    write_gradebook,
)
from labkit.classroom.grading.verdicts import Verdicts as Judged
from labkit.classroom.register import Register
from labkit.classroom.roster import BadRoster, read_roster, real_names
from labkit.classroom.votes.box import BallotBox
from labkit.commands.class_.board import record_of
from labkit.commands.class_.which import which_class
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.platform.os_errors import describe
from labkit.text.terminal import Sheet
from labkit.wire.audit.schema import AuditError

EXAMPLES = """\b
Examples:
  labkit class export physics --csv > physics.csv
  labkit class export physics --json > physics.json
  labkit class export physics --gradebook --roster roster.csv > grades.csv
  labkit class export physics --lms --roster roster.csv > for-the-lms.csv
  labkit class export physics --votes > votes.csv
  labkit class export physics --html physics-pages
  labkit class export physics --nbgrader gradebook.db --roster roster.csv
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option(
    "--csv", "form", flag_value="csv", default="csv", help="CSV: one row per student and exercise.  [default]"
)
@click.option("--json", "form", flag_value="json", help="JSON: the same rows.")
@click.option("--gradebook", "form", flag_value="gradebook", help="CSV: one row per grade, in nbgrader's format.")
@click.option("--lms", "form", flag_value="lms", help="CSV: one row per student, one column per exercise, for an LMS.")
@click.option("--votes", "is_votes", is_flag=True, help="Export votes instead: one row per option, without names.")
@click.option(
    "--html", "folder", type=click.Path(path_type=Path), help="Write a page per student and one for you to this folder."
)
@click.option("--nbgrader", type=OutputFile(), help="Write the grades to this nbgrader database.")
@click.option("--roster", type=click.Path(path_type=Path), help="A roster (CSV): export real names, not pseudonyms.")
def export(
    class_id: str,
    file: Path | None,
    form: str,
    is_votes: bool,
    folder: Path | None,
    nbgrader: Path | None,
    roster: Path | None,
) -> None:
    """Export the results of a CLASS to standard output, into nbgrader, or as pages that open without a server.

    In a class that verifies passes (`labkit class start --grade`), only verified ones count in a grade book.
    Works whether or not the class server is running.
    """
    if is_votes and (form not in ("csv", "json") or nbgrader is not None):
        raise CannotRun("votes are not grades; use --votes with --csv or --json")
    if folder is not None and (is_votes or form != "csv" or nbgrader is not None):
        raise CannotRun("--html writes complete pages; combine it with --roster only")
    record = record_of(class_id, file)
    board = record.board
    try:
        if is_votes:
            _write(votes(BallotBox(record.path).tallies()), form, VOTE_COLUMNS)
            return
        names = real_names(read_roster(roster)) if roster else {}
        if folder is not None:
            count = write_pages(read(record.path, class_id, board, of_course()), folder, names)
            click.echo(f"wrote {folder / INDEX} and {count} pages of students", err=True)
            return
        verdicts = Judged(record.path).of_students()
        counted = verdicts if Register(record.path, class_id).grades else None
        if nbgrader is not None:
            count = into_nbgrader(nbgrader, gradebook(board, names, counted))
            click.echo(f"wrote {count} grades to {nbgrader}", err=True)
            return
    except (BadRoster, NoFolder, NoGradebook, AuditError) as error:
        raise CannotRun(str(error)) from None
    except OSError as error:
        raise CannotRun(f"the pages cannot be written: {describe(error)}; name another folder") from None
    if form in ("lms", "gradebook"):
        _write_grades(board, names, counted, is_lms=form == "lms")
    else:
        _write(rows(board, names, verdicts), form, COLUMNS)


def _write(found: list[Row], form: str, columns: Sequence[str]) -> None:
    if form == "json":
        click.echo(json.dumps(found, indent=1))
        return
    out = io.StringIO(newline="")
    write_csv(out, found, columns)
    Sheet().write(out.getvalue())


def _write_grades(board: Board, names: Mapping[str, str], counted: Verdicts | None, *, is_lms: bool) -> None:
    out = io.StringIO(newline="")
    grades = gradebook(board, names, counted)
    if is_lms:
        write_csv(out, *by_student(grades))
    else:
        write_gradebook(out, grades)
    Sheet(has_mark=False).write(out.getvalue())  # a grade book may read a byte order mark as part of the first column
