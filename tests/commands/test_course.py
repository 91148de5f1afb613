"""`labkit course`: list, build, verify, reset, diff."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.cli import main
from labkit.course.notebook import notebook_json, without_outputs
from labkit.course.paths import original
from labkit.course.progress import Progress

ID = "04-validator"


@pytest.fixture(autouse=True)
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner in a working copy with one exercise."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    (tmp_path / "exercises").mkdir()
    path = tmp_path / "exercises" / f"{ID}.ipynb"
    path.write_bytes((original() / "exercises" / path.name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return path


def course(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["course", *arguments])


def test_list_shows_progress() -> None:
    """Passed stays passed; raising or lowering a hand is not an attempt."""
    Progress().add(ID, "pass")
    Progress().add(ID, "fail", "good")
    Progress().add("02-auth", "fail", "silence")
    for status in ("help", "started"):
        Progress().add("02-auth", status)
        Progress().add("03-rooms", status)
        lines = {line.split()[0]: line.split()[1] for line in course("list").output.splitlines()}
        assert (lines[ID], lines["02-auth"], lines["03-rooms"], lines["06-outbox"]) == (
            "passed",
            "fail",
            "started",
            "-",
        )


def test_build_of_current_course_changes_nothing() -> None:
    done = course("build", "--check")
    assert (done.exit_code, done.output) == (0, "")


def test_reset_keeps_earlier_version(copy: Path) -> None:
    given = notebook_json(without_outputs(json.loads(copy.read_text())))
    for number in (1, 2):
        copy.write_text(f"mine {number}")
        assert course("reset", ID).exit_code == 0
        assert copy.read_text() == given
        assert (copy.parent / ".saved" / f"{ID}-{number}.ipynb").read_text() == f"mine {number}"


def test_reset_never_overwrites_kept_version(copy: Path) -> None:
    saved = copy.parent / ".saved"
    for words in ("one", "two", "three"):
        copy.write_text(words)
        if words == "three":
            (saved / f"{ID}-1.ipynb").unlink()
        assert course("reset", ID).exit_code == 0
    assert sorted(path.read_text() for path in saved.iterdir()) == ["three", "two"]
    copy.write_text("four")
    saved.rename(copy.parent / "elsewhere")
    saved.write_text("no folder")
    done = course("reset", ID)
    assert (done.exit_code, "nothing was changed" in done.output) == (2, True), done.output
    assert copy.read_text() == "four"


def solve(path: Path) -> None:
    notebook = json.loads((original() / "solutions" / path.name).read_text())
    for cell in notebook["cells"]:
        lines = [line for line in cell["source"] if "SOLUTION" not in line]
        cell["source"] = [line.replace("8192", "8191") for line in lines]
    path.write_text(json.dumps(notebook))


def test_diff_before_passing_is_refused(copy: Path) -> None:
    solve(copy)
    refused = course("diff", ID)
    assert refused.exit_code == 2
    assert "pass 04-validator first, or use --peek" in refused.output
    assert "8192" in course("diff", ID, "--peek").output
    Progress().add(ID, "pass")
    printed = course("diff", ID).output.splitlines()
    assert [line for line in printed if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        '-    if len(text.encode("utf-8", "surrogatepass")) > 8191:',
        '+    if len(text.encode("utf-8", "surrogatepass")) > 8192:',
    ]


@pytest.mark.parametrize("verb", ["reset", "diff"])
def test_exercise_unknown_is_reported(verb: str) -> None:
    done = course(verb, "99-none")
    assert done.exit_code == 2
    assert "there are 02-auth" in done.output
