"""Progress: append-only, numbered without gaps, and readable after a crash, a restart and an upgrade."""

import json
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from labkit.course.progress import Progress, home


def test_records_are_read_back_with_the_fields_of_the_event(tmp_path: Path) -> None:
    """A new object reads them, as after a restart."""
    added = Progress(tmp_path / "p.jsonl").add("02-auth", "fail", check="wrong-token")
    Progress(tmp_path / "p.jsonl").add("02-auth", "pass")
    first, second = Progress(tmp_path / "p.jsonl").records()
    assert first == added
    assert list(first) == ["n", "exercise", "status", "check", "at"]
    assert (first["n"], first["check"], second["n"], second["check"]) == (1, "wrong-token", 2, None)
    assert datetime.fromisoformat(first["at"]).utcoffset() == timedelta(0)


def test_progress_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """That holds for the file and for the folder that it creates."""
    progress = Progress(tmp_path / "home" / "p.jsonl")
    progress.add("02-auth", "fail")
    assert [path.stat().st_mode & 0o777 for path in (progress.path.parent, progress.path)] == [0o700, 0o600]


def test_records_after_a_number_are_the_newer_ones(tmp_path: Path) -> None:
    """A reader that has records up to `n` asks for the rest."""
    progress = Progress(tmp_path / "p.jsonl")
    for _ in range(3):
        progress.add("02-auth", "fail")
    assert [record["n"] for record in progress.records(after=1)] == [2, 3]


def test_missing_file_gives_no_records(tmp_path: Path) -> None:
    """A learner has not started yet."""
    assert Progress(tmp_path / "none" / "p.jsonl").records() == []


def test_file_is_only_appended_to(tmp_path: Path) -> None:
    """Its earlier bytes stay unchanged."""
    progress = Progress(tmp_path / "p.jsonl")
    progress.add("02-auth", "started")
    before = progress.path.read_bytes()
    progress.add("02-auth", "pass")
    assert progress.path.read_bytes().startswith(before)


@pytest.mark.parametrize("torn", [b'{"n": 2, "exerc', b"[" * 100_000], ids=["torn", "deep"])
def test_line_cut_off_by_a_crash_is_skipped(tmp_path: Path, torn: bytes) -> None:
    """The records before and after it are kept."""
    progress = Progress(tmp_path / "p.jsonl")
    progress.add("02-auth", "fail")
    with progress.path.open("ab") as file:
        file.write(torn)
    progress.add("02-auth", "pass")
    assert [(record["n"], record["status"]) for record in progress.records()] == [(1, "fail"), (2, "pass")]


def test_fields_and_statuses_of_a_newer_labkit_are_skipped(tmp_path: Path) -> None:
    """An unknown field is ignored, and a record with an unknown status skipped."""
    progress = Progress(tmp_path / "p.jsonl")
    known = {"n": 1, "exercise": "02-auth", "status": "pass", "check": None, "at": "2026-11-25T22:00:00+00:00"}
    lines = [known | {"mood": 3}, known | {"n": 2, "status": "certified"}, ["list"]]
    progress.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert progress.records() == [known]
    assert progress.add("02-auth", "help")["n"] == 3


def test_unknown_status_is_refused(tmp_path: Path) -> None:
    """The error lists the statuses, and nothing is written."""
    progress = Progress(tmp_path / "p.jsonl")
    with pytest.raises(ValueError, match="no status 'won'; use one of started, fail, pass, inconclusive, help"):
        progress.add("02-auth", "won")  # type: ignore[arg-type]
    assert not progress.path.exists()


def add_many(path: Path) -> None:
    for _ in range(25):
        Progress(path).add("02-auth", "fail")


def test_concurrent_processes_share_the_numbers(tmp_path: Path) -> None:
    """As a notebook and a shell do: no number is used twice or left out."""
    path = tmp_path / "p.jsonl"
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(add_many, [path, path]))
    assert [record["n"] for record in Progress(path).records()] == list(range(1, 51))


def test_home_follows_labkit_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, a folder in the user's home."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    assert Progress().path == tmp_path / "progress.jsonl"
    monkeypatch.delenv("LABKIT_HOME")
    monkeypatch.chdir(tmp_path)  # the root of a checkout has the copy that `make lab` opens
    assert home() == Path.home() / ".labkit"
