"""`labkit class export`: export the results of a class for spreadsheets, programs and grade books."""

import io
import json
from pathlib import Path

import click

from labkit.classroom.export import NoGradebook, gradebook, into_nbgrader, rows, write_csv, write_gradebook
from labkit.classroom.grading.verdicts import Verdicts
from labkit.classroom.register import Register
from labkit.classroom.roster import BadRoster, read_roster, real_names
from labkit.commands.class_.board import record_of
from labkit.commands.class_.which import which_class
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.text.terminal import Sheet
from labkit.wire.audit.schema import AuditError

EXAMPLES = """\b
Examples:
  labkit class export physics --csv > physics.csv
  labkit class export physics --json > physics.json
  labkit class export physics --gradebook --roster roster.csv > grades.csv
  labkit class export physics --nbgrader gradebook.db --roster roster.csv
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option(
    "--csv", "form", flag_value="csv", default="csv", help="CSV: one row per student and exercise.  [default]"
)
@click.option("--json", "form", flag_value="json", help="JSON: the same rows.")
@click.option("--gradebook", "form", flag_value="gradebook", help="CSV: one row per grade, in nbgrader's format.")
@click.option("--nbgrader", type=OutputFile(), help="Write the grades to this nbgrader database.")
@click.option("--roster", type=click.Path(path_type=Path), help="A roster (CSV): export real names, not pseudonyms.")
def export(class_id: str, file: Path | None, form: str, nbgrader: Path | None, roster: Path | None) -> None:
    """Export the results of a CLASS to standard output or into nbgrader.

    In a class that verifies passes (`labkit class start --grade`), only verified ones count in a grade book.
    Works whether or not the class server is running.
    """
    record = record_of(class_id, file)
    board = record.board
    try:
        names = real_names(read_roster(roster)) if roster else {}
        verdicts = Verdicts(record.path).of_students()
        counted = verdicts if Register(record.path, class_id).grades else None
        if nbgrader is not None:
            count = into_nbgrader(nbgrader, gradebook(board, names, counted))
            click.echo(f"wrote {count} grades to {nbgrader}", err=True)
            return
    except (BadRoster, NoGradebook, AuditError) as error:
        raise CannotRun(str(error)) from None
    out = io.StringIO(newline="")
    if form == "json":
        click.echo(json.dumps(rows(board, names, verdicts), indent=1))
    elif form == "gradebook":
        write_gradebook(out, gradebook(board, names, counted))
        Sheet(has_mark=False).write(
            out.getvalue()
        )  # a grade book may read a byte order mark as part of the first column
    else:
        write_csv(out, rows(board, names, verdicts))
        Sheet().write(out.getvalue())
