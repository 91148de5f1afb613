"""A class exported for spreadsheets, programs and grade books."""

import csv
import io
import warnings
from pathlib import Path
from typing import Any

import pytest

from labkit.classroom.board import Board
from labkit.classroom.export import (
    COLUMNS,
    VOTE_COLUMNS,
    NoGradebook,
    by_student,
    gradebook,
    into_nbgrader,
    rows,
    votes,
    write_csv,
    write_gradebook,
)
from labkit.classroom.register import INSTRUCTOR, open_register
from labkit.classroom.votes.box import BallotBox, Vote
from tests.classroom.school import exercise

NAMES = {"otter": "=cmd|' /C calc'!A1", "ben": 'Ben "B", Okafor\nJr.'}


def board() -> Board:
    made = Board(["01", "02"], ["ben"])
    for event in (
        exercise("otter", 1, at=5000),
        exercise("otter", 2, status="fail", check="-1+1", at=65_000, sentAt="1970-01-01T00:01:05Z"),
        exercise("otter", 3, status="pass", at=125_000, sentAt="1970-01-01T00:02:05Z"),
        exercise("otter", 4, "02", status="fail", check="@x", at=126_000, sentAt="1970-01-01T00:02:06Z"),
    ):
        made.apply(event)
    return made


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_each_students_results() -> None:
    file = io.StringIO(newline="")
    write_csv(file, rows(board(), {}))
    written = read(file.getvalue())
    assert [(row["student"], row["exercise"], row["status"]) for row in written] == [
        ("ben", "01", "not begun"),
        ("ben", "02", "not begun"),
        ("otter", "01", "pass"),
        ("otter", "02", "fail"),
    ]
    assert (written[2]["tries"], written[2]["minutes_on_task"]) == ("2", "2.0")
    assert written[2]["passed_at"] == "1970-01-01T00:02:05.000Z"
    assert tuple(written[0]) == COLUMNS


def test_csv_escapes_formulas() -> None:
    for write, written in ((write_csv, rows(board(), NAMES)), (write_gradebook, gradebook(board(), NAMES))):
        file = io.StringIO(newline="")
        write(file, written)
        cells = [cell for row in read(file.getvalue()) for cell in row.values()]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
        assert "'" + NAMES["otter"] in cells
        assert NAMES["ben"] in cells
    assert "'@x" in [row["check"] for row in read(csv_of(board()))]


def csv_of(made: Board) -> str:
    file = io.StringIO(newline="")
    write_csv(file, rows(made, {}))
    return file.getvalue()


def test_gradebook_ignores_invented_exercises() -> None:
    """Exercises outside the course are on the board only, and the instructor gets no grade."""
    made = board()
    made.apply(exercise("otter", 5, "joke", status="pass"))
    made.apply(exercise(INSTRUCTOR, 1, status="pass"))
    grades: list[Any] = gradebook(made, {})
    assert {(grade["assignment"], grade["student_id"]) for grade in grades} == {
        (f"class-{one}", name) for one in ("01", "02") for name in ("ben", "otter")
    }
    assert "joke" in csv_of(made)


def test_gradebook_merges_two_names_of_one_person() -> None:
    """A student who joined under the real name first keeps what was passed then, in nbgrader too."""
    made = board()
    made.apply(exercise("Ana Lima", 1, "02", status="pass"))
    grades = gradebook(made, {"otter": "Ana Lima"})
    scores = {(grade["assignment"], grade["student_id"]): grade["score"] for grade in grades}
    assert len(scores) == len(grades)
    assert (scores["class-01", "Ana Lima"], scores["class-02", "Ana Lima"]) == (1.0, 1.0)


def test_minutes_stop_after_last_record() -> None:
    """Time on an unsolved exercise ends at its last record, whenever it is exported."""
    made = board()
    made.apply(exercise("otter", 5, "02", status="fail", at=186_000, sentAt="1970-01-01T00:03:06Z"))
    minutes = {row["exercise"]: row["minutes_on_task"] for row in rows(made, {}) if row["student"] == "otter"}
    assert minutes == {"01": 2.0, "02": 1.0}


def test_nbgrader_path_invalid_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary" * 100)
    for path in (tmp_path / "none" / "g.db", tmp_path / "notes.txt", tmp_path):
        with pytest.raises(NoGradebook, match="cannot be used as nbgrader's database"):
            into_nbgrader(path, gradebook(board(), {}))


def test_nbgrader_prints_nothing(tmp_path: Path) -> None:
    """A valid database, twice: no warnings on the instructor's screen."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            assert into_nbgrader(tmp_path / "g.db", gradebook(board(), {})) == 4
    assert [one for one in caught if "SAWarning" in repr(one.category)] == []


def test_grade_counts_any_earlier_pass() -> None:
    made = board()
    made.apply(exercise("otter", 5, status="fail", check="c"))
    grades: list[Any] = gradebook(made, {"otter": "Ana"})
    assert [(grade["student_id"], grade["assignment"], grade["score"]) for grade in grades] == [
        ("ben", "class-01", 0.0),
        ("ben", "class-02", 0.0),
        ("Ana", "class-01", 1.0),
        ("Ana", "class-02", 0.0),
    ]


def lms(*given: Any) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    write_csv(file, *by_student(gradebook(*given)))
    return read(file.getvalue())


def test_lms_gets_one_row_per_student_and_one_column_per_exercise() -> None:
    """A person with two names has one row; text that looks like a formula gets an apostrophe here, too."""
    otter, ben = sorted(lms(board(), NAMES), key=lambda row: row["class-01"], reverse=True)
    assert list(otter) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "class-01", "class-02"]
    assert otter["Student"] == otter["SIS Login ID"] == "'" + NAMES["otter"]
    assert (otter["class-01"], otter["class-02"], ben["class-01"]) == ("1.0", "0.0", "0.0")
    assert (otter["ID"], otter["Section"]) == ("", "")
    assert [row["Student"] for row in lms(board(), {"otter": "Ann", "ben": "Ann"})] == ["Ann"]


def test_lms_counts_verified_passes_only_where_a_class_verifies() -> None:
    assert [row["class-01"] for row in lms(board(), {}, {})] == ["0.0", "0.0"]


def test_votes_have_each_round_and_no_name(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    open_register(path, "physics")
    box = BallotBox(path)
    assert votes(box.tallies()) == []
    box.ask("=Which?", ["one", "+two"])
    for name, choice in (("ana", 0), ("ben", 0), ("zoe", 1)):
        box.cast(name, Vote("q1", 1, choice, f"the own secret of {name}"), by_name=True)
    assert [row["measured"] for row in votes(box.tallies())] == [None, None]
    box.again("q1")
    box.cast("ana", Vote("q1", 2, 1, "another secret of ana"))
    box.reveal("q1", 1)
    found = votes(box.tallies())
    assert [(row["round"], row["option"], row["votes"], row["share"], row["measured"]) for row in found] == [
        (1, "one", 2, 0.667, "no"),
        (1, "+two", 1, 0.333, "yes"),
        (2, "one", 0, 0.0, "no"),
        (2, "+two", 1, 1.0, "yes"),
    ]
    file = io.StringIO(newline="")
    write_csv(file, found, VOTE_COLUMNS)
    assert "'=Which?" in file.getvalue() and "'+two" in file.getvalue() and "ana" not in file.getvalue()
