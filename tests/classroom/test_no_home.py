"""A learner without a usable home folder: every verdict is given, and one line says that it is not recorded."""

import errno
import json
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import labkit
from labkit import classroom
from labkit.cli import main
from labkit.course.paths import original
from labkit.course.progress import NoHome

SOLUTION = original() / "solutions" / "04-validator.ipynb"
WAY_OUT = "set LABKIT_HOME to a folder that you can write to"


def no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No HOME, and a user id without an entry, as in many containers."""

    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.chdir(tmp_path)  # the root of a checkout has the copy that `make lab` opens
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("LABKIT_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)


def a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", encoding="utf-8")


def a_loop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A symlink loop, which refuses even root, whom permissions do not stop."""
    (tmp_path / "home").symlink_to(tmp_path / "home")


def unreadable_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("progress.jsonl", "class.json"):
        (tmp_path / "home" / name).mkdir(parents=True)


HOMES: dict[str, Callable[[pytest.MonkeyPatch, Path], None]] = {
    "no home": no_home,
    "a file": a_file,
    "a loop of links": a_loop,
    "unreadable files": unreadable_files,
}


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    HOMES[request.param](monkeypatch, tmp_path)
    return str(request.param)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_check_without_home_gives_verdict(home: str, tmp_path: Path) -> None:
    done = run("check", "04-validator", "--answer", SOLUTION)
    assert done.exit_code == 0, done.output
    assert [line for line in done.output.splitlines() if "not recorded" in line] == done.output.splitlines()[-1:]
    assert WAY_OUT in done.output


def test_check_failed_without_home_exits_1(home: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("def validate(text):\n    return text\n", encoding="utf-8")
    done = run("check", "04-validator", "--answer", tmp_path / "wrong.py")
    assert (done.exit_code, "hint" in done.output, "not recorded: " in done.output) == (1, True, True)


def test_check_json_without_home_stays_json(home: str) -> None:
    done = run("check", "04-validator", "--answer", SOLUTION, "--json", "-")
    assert (json.loads(done.stdout)["verdict"], done.stderr.startswith("not recorded: ")) == ("pass", True)


def test_check_in_notebook_without_home_shows_note(home: str) -> None:
    from tests.course.test_checking import validate

    result = labkit.check("04-validator", validate)
    assert str(result).splitlines()[-1].startswith("not recorded: ")
    assert "not recorded: " in result._repr_html_()


def test_course_list_without_home_works(home: str) -> None:
    done = run("course", "list")
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 12)
    assert done.stderr.startswith("cannot read your progress: ")


def test_course_diff_without_home_needs_peek(home: str) -> None:
    refused = run("course", "diff", "04-validator", "--answer", SOLUTION)
    assert (refused.exit_code, len(refused.output.splitlines())) == (2, 1)
    assert "or use --peek" in refused.output
    assert run("course", "diff", "04-validator", "--answer", SOLUTION, "--peek").exit_code == 0


def test_class_status_without_home_says_why(home: str) -> None:
    status = classroom.status()
    assert status.who == "not in a class"
    assert WAY_OUT in status.state
    classroom.leave()


def test_join_without_home_is_refused_before_contact(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an earlier class would be left for one that cannot be saved."""
    asked: list[str] = []
    monkeypatch.setattr("labkit.classroom.joining.ask", lambda url, *_, **__: asked.append(url))
    with pytest.raises(NoHome, match=WAY_OUT):
        classroom.join("ws://127.0.0.1:1", name="otter")
    assert asked == []


def test_raise_hand_without_home_is_refused(home: str) -> None:
    with pytest.raises(NoHome, match=WAY_OUT):
        classroom.raise_hand("03-rooms")


def test_check_with_full_disk_gives_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a read-only one: earlier records can still be read."""

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    assert run("check", "04-validator", "--answer", SOLUTION).output.count("not recorded") == 0
    monkeypatch.setattr("labkit.course.progress._of_its_owner", refuse)
    done = run("check", "04-validator", "--answer", SOLUTION)
    assert (done.exit_code, "Read-only file system" in done.output.splitlines()[-1]) == (0, True)
    assert "passed" in run("course", "list").stdout
