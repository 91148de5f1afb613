"""A working copy: made without outputs, and updated without losing a learner's edit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labkit.bench import seed, working_copy
from labkit.classroom.membership import Membership, membership
from labkit.course import learner_files
from labkit.course.copying import CHANGES, LESSONS, NoCopy, files, prepare
from labkit.course.exercises import exercise
from labkit.course.paths import answer_of, original
from labkit.course.progress import Progress, home

COURSE = original()
ROOM = "notebooks/01_hello_room.ipynb"
BLANK = "exercises/02-auth.ipynb"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unset every variable that labkit reads."""
    for name in ("LABKIT_HOME", "LABKIT_SEED", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course whose folder was used, like that of a checkout after a session."""
    course = tmp_path / "course"
    for folder in ("notebooks", "exercises"):
        shutil.copytree(COURSE / folder, course / folder)
    (course / "docs").mkdir()
    shutil.copy(COURSE / "docs/glossary.md", course / "docs")
    (course / "notebooks" / "Untitled.ipynb").write_text("{}")
    (course / "exercises" / ".saved").mkdir()
    (course / "labkit-seed").write_text("ana\n")
    edit(course / ROOM, predicted="left by a run")
    return course


def edit(path: Path, source: str | None = None, predicted: str | None = None) -> None:
    """Change a notebook: add a cell, or the traces of a run."""
    notebook = read(path)
    if source is not None:
        notebook["cells"].append({"cell_type": "markdown", "id": "new", "metadata": {}, "source": source})
    if predicted is not None:
        cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": predicted}]
        cell["execution_count"] = 7
        cell["metadata"]["execution"] = {"iopub.status.idle": "2026-01-01"}
        notebook["metadata"]["widgets"] = {"predicted": predicted}
    path.write_text(json.dumps(notebook))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_copy_has_the_course_without_outputs(course: Path, tmp_path: Path) -> None:
    """No output, no count, no widget, no guide, no file that the course does not publish."""
    prepare(course, tmp_path / "copy")
    copied = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert copied == {*files(), ".labkit/copy.json", ".labkit/.gitignore"}
    for name in files():
        text = (tmp_path / "copy" / name).read_text()
        assert "left by a run" not in text
        for cell in read(tmp_path / "copy" / name)["cells"] if name.endswith(".ipynb") else []:
            assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
    assert [cell["source"] for cell in read(tmp_path / "copy" / ROOM)["cells"]] == [
        cell["source"] for cell in read(COURSE / ROOM)["cells"]
    ]


def test_every_published_notebook_is_handed_out() -> None:
    """LESSONS lists the folder."""
    tracked = subprocess.run(["git", "ls-files", "notebooks/*.ipynb"], cwd=COURSE, capture_output=True, text=True)
    assert [Path(name).stem for name in tracked.stdout.split()] == list(LESSONS)


@pytest.mark.parametrize("first", ["ana", None])
def test_another_seed_for_a_copy_is_refused(course: Path, tmp_path: Path, first: str | None) -> None:
    """The sentence names both seeds and the way out; nothing in the copy changes. Its own seed may be given again."""
    copy = tmp_path / "copy"
    prepare(course, copy, first)
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    edit(course / ROOM, source="a new version")
    with pytest.raises(NoCopy, match=f"{first or '1 .the default.'}, not bob.*labkit lab OTHER --seed bob"):
        prepare(course, copy, "bob")
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before
    prepare(course, copy, first or "1")


def test_a_seed_that_cannot_be_read_is_another_seed(course: Path, tmp_path: Path) -> None:
    prepare(course, tmp_path / "copy", "ana")
    (tmp_path / "copy" / "labkit-seed").write_bytes(b"\xe9")
    with pytest.raises(NoCopy, match="not ana"):
        prepare(course, tmp_path / "copy", "ana")


@pytest.mark.parametrize("left", [".labkit/.copy.json.part", ".DS_Store", "labkit-seed"])
def test_an_unfinished_copy_is_made_on(course: Path, tmp_path: Path, left: str) -> None:
    """A full disk or an interrupt left it so, or a file manager looked into an empty folder."""
    path = tmp_path / "copy" / left
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert prepare(course, tmp_path / "copy") == [f"created a working copy of the course in {tmp_path / 'copy'}"]


def test_new_version_replaces_an_unedited_notebook(course: Path, tmp_path: Path) -> None:
    """Running a notebook is not an edit."""
    copy = tmp_path / "copy"
    prepare(course, copy)
    edit(copy / ROOM, predicted="something")
    edit(course / ROOM, source="a new version")
    assert prepare(course, copy) == [f"{ROOM} has a new version; you had not edited yours, so it was replaced"]
    assert "a new version" in (copy / ROOM).read_text()
    assert prepare(course, copy) == []


def test_new_version_is_put_beside_an_edited_notebook(course: Path, tmp_path: Path) -> None:
    """Each version is reported once, in the terminal and in a file, and none is overwritten."""
    copy = tmp_path / "copy"
    prepare(course, copy)
    edit(copy / BLANK, source="my answer")
    mine = (copy / BLANK).read_bytes()
    for version, beside in (("second", "02-auth-new.ipynb"), ("third", "02-auth-new-2.ipynb")):
        edit(course / BLANK, source=version)
        (sentence,) = prepare(course, copy)
        assert f"yours, so it was kept; the new one is beside it: {beside}" in sentence
        assert sentence in (copy / CHANGES).read_text()
        assert version in (copy / "exercises" / beside).read_text()
        assert (copy / BLANK).read_bytes() == mine
        assert prepare(course, copy) == []


@pytest.mark.parametrize(
    "mine", ["not JSON", '{"cells": 3}', "\ufeff{}", "[" * 100_000], ids=["text", "number", "mark", "deep"]
)
def test_unreadable_notebook_is_kept(course: Path, tmp_path: Path, mine: str) -> None:
    """It belongs to the learner, whatever it contains."""
    copy = tmp_path / "copy"
    prepare(course, copy)
    (copy / ROOM).write_text(mine)
    edit(course / ROOM, source="a new version")
    assert len(prepare(course, copy)) == 1
    assert (copy / ROOM).read_text() == mine


@pytest.mark.parametrize("torn", ["{", "[" * 100_000], ids=["torn", "deep"])
def test_damaged_mark_loses_no_edit(course: Path, tmp_path: Path, torn: str) -> None:
    """Without a record of what was handed out, every file that differs counts as edited."""
    copy = tmp_path / "copy"
    prepare(course, copy)
    (copy / ".labkit" / "copy.json").write_text(torn)
    edit(copy / ROOM, source="mine")
    prepare(course, copy)
    assert "mine" in (copy / ROOM).read_text()


def test_removed_notebook_is_handed_out_again(course: Path, tmp_path: Path) -> None:
    """A learner starts a notebook over by removing it."""
    prepare(course, tmp_path / "copy")
    (tmp_path / "copy" / ROOM).unlink()
    assert prepare(course, tmp_path / "copy") == []
    assert (tmp_path / "copy" / ROOM).exists()


def test_copy_of_an_older_labkit_is_upgraded(course: Path, tmp_path: Path) -> None:
    """It has no mark; its files stay, and a sentence says where the earlier progress is."""
    copy = tmp_path / "copy"
    shutil.copytree(course / "notebooks", copy / "notebooks")
    edit(copy / ROOM, source="mine")
    sentences = prepare(course, copy)
    assert "~/.labkit" in sentences[-1] and working_copy.is_copy(copy)
    assert "mine" in (copy / ROOM).read_text()


def test_course_itself_is_refused_as_a_copy(tmp_path: Path) -> None:
    """`labkit lab .` in a checkout must not use the tracked notebooks as a copy."""
    (tmp_path / "solutions").mkdir()
    with pytest.raises(NoCopy, match="is the course itself"):
        prepare(COURSE, tmp_path)


def test_copy_into_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """No notebook is put among other data."""
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(NoCopy, match="is not empty"):
        prepare(COURSE, tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["notebooks"]


def test_two_copies_share_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress, class, seed and answers belong to the copy around the current folder, however deep."""
    for name in ("ana", "ben"):
        prepare(COURSE, tmp_path / name, name)
    monkeypatch.chdir(tmp_path / "ana" / "notebooks")
    Progress().add("02-auth", "pass")
    Membership("ws://localhost:1", "ana", "code", "physics").keep()
    monkeypatch.chdir(tmp_path / "ana" / "exercises")
    assert len(Progress().records()) == 1 and membership() is not None
    numbers = seed.seed()
    monkeypatch.chdir(tmp_path / "ben")
    assert Progress().records() == [] and membership() is None
    assert seed.seed() != numbers
    deep = tmp_path / "ben" / "notebooks" / "mine"
    deep.mkdir()
    monkeypatch.chdir(deep)
    assert home() == tmp_path / "ben" / ".labkit"
    assert answer_of("02-auth") == tmp_path / "ben" / BLANK
    assert seed.seed() == seed.number_of("ben")
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path / "person" / ".labkit"


def test_kernel_that_changes_its_folder_keeps_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`%cd /tmp` in a cell moves neither the progress nor the seed."""
    prepare(COURSE, tmp_path / "ana", "ana")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "ana" / ROOM))
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path / "ana" / ".labkit"
    assert seed.seed() == seed.number_of("ana")


def test_labkit_home_overrides_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So several copies can share one progress."""
    prepare(COURSE, tmp_path / "ana")
    monkeypatch.chdir(tmp_path / "ana")
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "all"))
    assert home() == tmp_path / "all"


def test_reset_of_a_removed_exercise_hands_it_out_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes without outputs, and never from the course's own folder."""
    prepare(COURSE, tmp_path / "ana")
    monkeypatch.chdir(tmp_path / "ana" / "notebooks")
    given = (tmp_path / "ana" / BLANK).read_text()
    (tmp_path / "ana" / BLANK).unlink()
    assert learner_files.reset(exercise("02-auth")) == (tmp_path / "ana" / BLANK, None)
    assert (tmp_path / "ana" / BLANK).read_text() == given


def test_reset_outside_any_copy_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published exercise stays unchanged, in a checkout and in an installed package."""
    monkeypatch.chdir(tmp_path)
    before = (COURSE / BLANK).stat().st_mtime_ns
    with pytest.raises(OSError, match="labkit lab my-course"):
        learner_files.reset(exercise("02-auth"))
    assert (COURSE / BLANK).stat().st_mtime_ns == before


def test_root_of_a_checkout_uses_the_copy_of_make_lab(tmp_path: Path) -> None:
    """`labkit course` leaves the tracked notebooks alone, and sees the progress made in JupyterLab."""
    for folder in ("labkit", "notebooks", "exercises", "solutions"):
        shutil.copytree(COURSE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    shutil.copy(COURSE / "docs/glossary.md", tmp_path / "docs")
    environment = {key: value for key, value in os.environ.items() if key != "LABKIT_HOME"}

    def labkit(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "labkit", *arguments],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    labkit("lab", "--only-copy")
    Progress(tmp_path / "my-course" / ".labkit" / "progress.jsonl").add("02-auth", "pass")
    assert "passed" in labkit("course", "list")
    assert str(tmp_path / "my-course" / BLANK) in labkit("course", "reset", "02-auth")
    assert (tmp_path / BLANK).read_bytes() == (COURSE / BLANK).read_bytes()
