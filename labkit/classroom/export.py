"""Export a class for a spreadsheet, a program, or nbgrader.

    rows(board, real_names, verdicts)        one row per student and exercise: status, verified, tries, minutes, ...
    gradebook(board, real_names, verdicts)   nbgrader's import format: assignment, student_id, score, max_score
    by_student(grades)                       the same grades for an LMS: one row per student, one column per exercise
    into_nbgrader(path, ...)                 directly into an nbgrader database, through nbgrader's API
    votes(tallies)                           one row per question, round and option: how many votes

Students appear under their pseudonyms unless a roster gives their real names.
"""

import csv
import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from labkit.classroom.board import Board, Cell
from labkit.classroom.board import Row as StudentRow
from labkit.classroom.grading.verdicts import Verdict
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.votes.box import Tally
from labkit.platform.packages import missing
from labkit.rules.answers import iso

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "student",
    "exercise",
    "status",
    "check",
    "tries",
    "fails_in_a_row",
    "first_at",
    "last_at",
    "passed_at",
    "minutes_on_task",
    "verified",
    "not_verified_because",
)
NBGRADER_COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
STUDENT_COLUMNS = (
    "Student",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Section",
)  # Canvas needs all of these; others use one
VOTE_COLUMNS = ("question", "text", "state", "round", "option", "votes", "share", "measured")
ASSIGNMENT = "class-{}"  # a name of our own, so that no assignment of nbgrader is overwritten
MAX_SCORE = 1.0
Row = dict[str, Any]
Verdicts = Mapping[tuple[str, str], Verdict]  # by student and exercise
NONE: Verdicts = {}


class NoGradebook(Exception):
    """nbgrader is not installed, or its database cannot be used; the message says what to do."""


def rows(board: Board, real_names: Mapping[str, str], verdicts: Verdicts = NONE) -> list[Row]:
    """Return one row per student and exercise, including exercises that were not started."""
    found = []
    for name, row in sorted(board.students.items()):
        for exercise in board.exercises:
            standing = _standing(row.cells.get(exercise), verdicts.get((name, exercise)))
            found.append(_row(real_names.get(name, name), exercise, row.cells.get(exercise)) | standing)
    return found


def _standing(cell: Cell | None, verdict: Verdict | None) -> Row:
    """Return whether the class has verified a pass: yes, no, or an empty text."""
    if cell is None or cell.passed_at is None or verdict is None:
        return {"verified": None, "not_verified_because": None}
    if verdict.standing == "verified":
        return {"verified": "yes", "not_verified_because": None}
    return {"verified": "no", "not_verified_because": verdict.why}


def write_csv(file: TextIO, table_rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> None:
    """Write rows as CSV that is safe to open in a spreadsheet: text that looks like a formula gets an apostrophe."""
    table = csv.writer(file)
    table.writerow(columns)
    for row in table_rows:
        table.writerow([_cell(row[column]) for column in columns])


def votes(tallies: Iterable[Tally]) -> list[Row]:
    """Return one row per question, round and option, without any name. `measured`: whether this was measured."""
    found = []
    for tally in tallies:
        asked = tally.asked
        for number, counts in enumerate(tally.rounds, 1):
            for at, (option, count) in enumerate(zip(asked.question.options, counts)):
                share = round(count / sum(counts), 3) if sum(counts) else 0.0
                measured = None if asked.measured is None else "yes" if asked.measured == at else "no"
                values = (asked.question.id, asked.question.text, asked.state, number, option, count, share, measured)
                found.append(dict(zip(VOTE_COLUMNS, values)))
    return found


def gradebook(board: Board, real_names: Mapping[str, str], verdicts: Verdicts | None = None) -> list[Row]:
    """Return one grade per student and exercise: 1 if the exercise was ever passed, otherwise 0.

    With `verdicts`, from a class that verifies passes, only verified ones count.
    """
    scores: dict[tuple[str, str], float] = {}  # a person with two names gets the better grade
    for name, row in sorted(board.students.items()):
        if name != INSTRUCTOR:
            for exercise in board.listed:
                graded = real_names.get(name, name), ASSIGNMENT.format(exercise)
                counts = verdicts is None or verdicts.get((name, exercise), ("",))[0] == "verified"
                scores[graded] = max(scores.get(graded, 0.0), MAX_SCORE * (counts and _is_passed(row, exercise)))
    return [
        {"assignment": assignment, "student_id": student, "score": score, "max_score": MAX_SCORE}
        for (student, assignment), score in scores.items()
    ]


def write_gradebook(file: TextIO, grades: Iterable[Row]) -> None:
    """Write grades in the CSV format that nbgrader exports and other grade books import."""
    table = csv.DictWriter(file, NBGRADER_COLUMNS, restval="")
    table.writeheader()
    for grade in grades:
        table.writerow({name: _cell(value) for name, value in grade.items()} | {"raw_score": grade["score"]})


def by_student(grades: Iterable[Row]) -> tuple[list[Row], list[str]]:
    """Return one row per student, with a column per assignment, and all columns in order."""
    found: dict[str, Row] = {}
    assignments: dict[str, None] = {}
    for grade in grades:
        name = grade["student_id"]
        empty = dict.fromkeys(STUDENT_COLUMNS, "") | {"Student": name, "SIS Login ID": name}
        found.setdefault(name, empty)[grade["assignment"]] = grade["score"]
        assignments[grade["assignment"]] = None
    return list(found.values()), [*STUDENT_COLUMNS, *assignments]


def into_nbgrader(path: Path, grades: Iterable[Row]) -> int:
    """Write grades into nbgrader's database and return their number. Idempotent. Raises NoGradebook."""
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SAWarning, SQLAlchemyError
    except ImportError:
        raise NoGradebook(missing("nbgrader", "use --gradebook")) from None
    given = list(grades)
    # nbgrader creates a database with the program `alembic`, which is installed beside this Python.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    try:
        with warnings.catch_warnings(), Gradebook(f"sqlite:///{path}") as book:
            warnings.simplefilter("ignore", SAWarning)  # about nbgrader's own models
            for grade in given:
                _put(book, grade)
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise NoGradebook(f"{path} cannot be used as nbgrader's database: {why}") from None
    return len(given)


def _put(book: Any, grade: Row) -> None:
    """Store one grade as the score of an assignment with one notebook and one cell."""
    name, student = grade["assignment"], grade["student_id"]
    book.update_or_create_assignment(name)
    book.update_or_create_notebook(name, name)
    book.update_or_create_grade_cell(name, name, name, max_score=MAX_SCORE, cell_type="code")
    book.update_or_create_student(student)
    book.update_or_create_submission(name, student)
    scored = book.find_grade(name, name, name, student)
    scored.auto_score, scored.needs_manual_grade = grade["score"], False
    book.db.commit()


def _row(student: str, exercise: str, cell: Cell | None) -> Row:
    if cell is None:
        empty = dict.fromkeys(COLUMNS)
        return empty | {"student": student, "exercise": exercise, "status": "not begun", "tries": 0}
    return {
        "student": student,
        "exercise": exercise,
        "status": cell.status,
        "check": cell.check,
        "tries": cell.tries,
        "fails_in_a_row": cell.fails,
        "first_at": iso(cell.first_at / 1000),
        "last_at": iso(cell.last_at / 1000),
        "passed_at": None if cell.passed_at is None else iso(cell.passed_at / 1000),
        "minutes_on_task": round(cell.on_task_ms(cell.last_at) / 60_000, 1),
    }


def _is_passed(row: StudentRow, exercise: str) -> bool:
    cell = row.cells.get(exercise)
    return cell is not None and cell.passed_at is not None


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
