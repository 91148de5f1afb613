"""`labkit class help`: who needs help, and the case, a note or a hint for one student."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from labkit.classroom.board import READY
from labkit.classroom.catalogue import of_course
from labkit.classroom.grading.submission import pieces
from labkit.classroom.help.notes import Notes
from labkit.classroom.record import ClassRecord
from labkit.classroom.register import open_register
from labkit.cli import main
from labkit.commands.class_.help import NOBODY, lines
from labkit.course.exercises import exercise
from labkit.course.failed import Failed
from tests.classroom.school import exercise as event
from tests.e2e.schoolhouse import Schoolhouse

ID = "06-outbox"
CASE = Failed(ID, "Outbox", "class Outbox:\n    pass\n", 3, "over", "after a refusal nothing is held", "7", ["o(1)"])
MINUTE = 60_000


def run(file: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["class", "help", "physics", "--file", str(file), *map(str, arguments)])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a class that is over: otter failed twice at `over`, asks, and has shown the case; zoe did nothing."""
    school = Schoolhouse(tmp_path_factory.mktemp("class"), ["otter", "zoe"])
    with school, school.student("otter") as tell:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        tell(ID, "fail", "over", at=now)
        tell(ID, "fail", "over", at=now)
        tell.hand_in(pieces(msgspec.to_builtins(CASE), "case-1"), "help")
        tell(ID, "help", at=now)
    return school.file


def test_class_is_one_line_and_each_hand_another(file: Path) -> None:
    done = run(file)
    assert done.output.splitlines() == [
        f"1 of 2 fails `over` in {ID}",
        f"otter  has been asking about {ID} for <1 min; fails over for <1 min, 2 tries  sent a case",
    ]


def test_case_opens_as_text_and_as_notebook(file: Path, tmp_path: Path) -> None:
    done = run(file, "otter", "--folder", tmp_path / "cases")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"otter  {ID}: fails over for <1 min, 2 tries; <1 min on it, 2 tries in all\n")
    assert "    class Outbox:\n        pass\n" in done.output
    path = tmp_path / "cases" / f"otter-{ID}.ipynb"
    assert done.output.endswith(f"as a notebook: {path}\n")
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert [cell["cell_type"] for cell in whole["cells"]] == ["markdown", "code", "code"]
    assert (path.parent.stat().st_mode & 0o777) == 0o700


def test_hint_is_the_third_after_two_fails_and_then_none(file: Path) -> None:
    third = exercise(ID).check("over").usual.hints[2]
    done = run(file, "otter", "--hint")
    assert done.output == f"hint 3 on over of {ID} goes to otter: {third}\n"
    assert [(note.kind, note.about, note.text) for note in Notes(file).of("otter")][-1] == ("hint", "over", third)


def test_note_is_kept_for_its_student(file: Path) -> None:
    assert run(file, "otter", "--note", "count bytes").output == f"a note on {ID} goes to otter\n"
    assert Notes(file).of("otter")[-1].text == "count bytes"
    assert Notes(file).of("zoe") == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["zoe"], "zoe has not started an exercise"),
        (["zoe", "--hint"], "zoe has not started an exercise"),
        (["nobody"], "there is no 'nobody' in this class"),
        (["otter", "--exercise", "02-auth"], "otter has sent no case of 02-auth"),
        (["otter", "--exercise", "02-auth", "--hint"], "no check of 02-auth fails, so there is no hint"),
        (["otter", "--hint", "--note", "x"], "--note and --hint cannot be combined"),
        (["--hint"], "need a student"),
        (["otter", "--note", " "], "give it 1 to 1000"),
    ],
)
def test_answer_that_makes_no_sense_is_refused(file: Path, arguments: list[str], why: str) -> None:
    done = run(file, *arguments)
    assert done.exit_code == 2
    assert why in done.output


def test_folder_that_is_a_file_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "cases").write_text("")
    done = run(file, "otter", "--folder", tmp_path / "cases" / "x")
    assert (done.exit_code, "cannot write" in done.output) == (2, True)


def test_stuck_student_without_a_hand_is_listed(tmp_path: Path) -> None:
    """Hands come first, the one that waits longest before the others."""
    path = tmp_path / "class.db"
    open_register(path, "physics")
    assert run(path).output == f"{NOBODY}\n"
    record = ClassRecord(path, "physics", of_course().exercises)
    for number in (1, 2, 3):
        record.board.apply(event("ana", number, ID, "fail", check="over"))
    record.board.apply(event("zoe", 1, ID, "help"))
    record.board.apply(event("ben", 1, READY, "pass"))
    assert lines(record, 1000 + 7 * MINUTE + 4000) == [
        f"1 of 3 fails `over` in {ID}",
        f"zoe  has been asking about {ID} for 7 min",
        f"ana  stuck in {ID}: fails over for 7 min, 3 tries",
    ]
