"""Progress: append-only, numbered without holes, and readable after a crash, a restart and an upgrade."""

import json
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from labkit.course.progress import Progress, home


def test_records_come_back_in_order_with_the_fields_of_the_wire(tmp_path: Path) -> None:
    """What was added is read back by a new object, as after a restart."""
    added = Progress(tmp_path / "p.jsonl").add("02-auth", "fail", check="wrong-token")
    Progress(tmp_path / "p.jsonl").add("02-auth", "pass")
    first, second = Progress(tmp_path / "p.jsonl").records()
    assert first == added
    assert list(first) == ["n", "exercise", "status", "check", "at"]
    assert (first["n"], first["check"], second["n"], second["check"]) == (1, "wrong-token", 2, None)
    assert datetime.fromisoformat(first["at"]).utcoffset() == timedelta(0)


def test_what_a_learner_failed_at_is_nobody_elses_to_read(tmp_path: Path) -> None:
    """Neither the file nor the folder that it makes is open to others of the machine."""
    progress = Progress(tmp_path / "home" / "p.jsonl")
    progress.add("02-auth", "fail")
    assert [path.stat().st_mode & 0o777 for path in (progress.path.parent, progress.path)] == [0o700, 0o600]


def test_records_after_a_number_are_the_newer_ones(tmp_path: Path) -> None:
    """Who was told up to `n` asks for the rest."""
    progress = Progress(tmp_path / "p.jsonl")
    for _ in range(3):
        progress.add("02-auth", "fail")
    assert [record["n"] for record in progress.records(after=1)] == [2, 3]


def test_no_file_is_no_records(tmp_path: Path) -> None:
    """A learner who has not begun has done nothing."""
    assert Progress(tmp_path / "none" / "p.jsonl").records() == []


def test_the_file_only_grows(tmp_path: Path) -> None:
    """What is in the file stays there, byte by byte."""
    progress = Progress(tmp_path / "p.jsonl")
    progress.add("02-auth", "started")
    before = progress.path.read_bytes()
    progress.add("02-auth", "pass")
    assert progress.path.read_bytes().startswith(before)


@pytest.mark.parametrize("torn", [b'{"n": 2, "exerc', b"[" * 100_000], ids=["torn", "deep"])
def test_a_torn_line_costs_that_line_alone(tmp_path: Path, torn: bytes) -> None:
    """A crash in the middle of a line loses neither what came before nor what comes after."""
    progress = Progress(tmp_path / "p.jsonl")
    progress.add("02-auth", "fail")
    with progress.path.open("ab") as file:
        file.write(torn)
    progress.add("02-auth", "pass")
    assert [(record["n"], record["status"]) for record in progress.records()] == [(1, "fail"), (2, "pass")]


def test_what_a_newer_labkit_wrote_is_passed_over(tmp_path: Path) -> None:
    """An unknown field is ignored, an unknown status is skipped, and neither stops the reading."""
    progress = Progress(tmp_path / "p.jsonl")
    known = {"n": 1, "exercise": "02-auth", "status": "pass", "check": None, "at": "2026-11-25T22:00:00+00:00"}
    lines = [known | {"mood": 3}, known | {"n": 2, "status": "certified"}, ["list"]]
    progress.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert progress.records() == [known]
    assert progress.add("02-auth", "help")["n"] == 3


def test_an_unknown_status_is_refused(tmp_path: Path) -> None:
    """The error names the statuses there are, and nothing is written."""
    progress = Progress(tmp_path / "p.jsonl")
    with pytest.raises(ValueError, match="no status 'won'; there are started, fail, pass, inconclusive, help"):
        progress.add("02-auth", "won")  # type: ignore[arg-type]
    assert not progress.path.exists()


def test_the_listener_is_told_of_each_new_record(tmp_path: Path) -> None:
    """It hears what was added, after it is stored."""
    progress = Progress(tmp_path / "p.jsonl")
    told = []
    progress.listener = lambda record: told.append((record, progress.records()[-1]))
    record = progress.add("02-auth", "help")
    assert told == [(record, record)]


def test_latest_is_the_newest_of_each_exercise(tmp_path: Path) -> None:
    """A pass after a fail is a pass."""
    progress = Progress(tmp_path / "p.jsonl")
    progress.add("02-auth", "fail")
    progress.add("03-rooms", "started")
    progress.add("02-auth", "pass")
    assert {record["exercise"]: record["status"] for record in progress.records()} == {
        "02-auth": "pass",
        "03-rooms": "started",
    }


def add_many(path: Path) -> None:
    for _ in range(25):
        Progress(path).add("02-auth", "fail")


def test_processes_that_add_at_once_share_the_numbers(tmp_path: Path) -> None:
    """A notebook and a shell: no number twice, none left out."""
    path = tmp_path / "p.jsonl"
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(add_many, [path, path]))
    assert [record["n"] for record in Progress(path).records()] == list(range(1, 51))


def test_home_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LABKIT_HOME, or a folder in the user's home."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    assert Progress().path == tmp_path / "progress.jsonl"
    monkeypatch.delenv("LABKIT_HOME")
    assert home() == Path.home() / ".labkit"
