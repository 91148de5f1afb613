"""`labkit check`: exit codes, JSON, and answers that cannot be read."""

import errno
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.cli import main
from labkit.course.paths import original
from labkit.platform import confined

SOLUTION = original() / "solutions" / "04-validator.ipynb"


@pytest.fixture(autouse=True)
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))


def check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_answer_right_exits_0() -> None:
    done = check("04-validator", "--answer", SOLUTION)
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "04-validator: pass, 14 of 14 checks pass")


def test_answer_wrong_exits_1_with_json(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def validate(text):\n    return text\n")
    done = check("04-validator", "--answer", tmp_path / "a.py", "--json", tmp_path / "r.json", "--seed", 3)
    result = json.loads((tmp_path / "r.json").read_text())
    assert done.exit_code == 1
    assert (result["verdict"], result["checks"][1]["id"], result["checks"][1]["verdict"]) == ("fail", "good", "fail")
    assert result["checks"][1]["evidence"] and result["hint"]


def test_answer_blank_exits_2(tmp_path: Path) -> None:
    """Not started is not failed. `--json -` writes nothing else."""
    done = check("04-validator", "--answer", original() / "exercises" / "04-validator.ipynb", "--json", "-")
    assert done.exit_code == 2
    assert json.loads(done.output)["verdict"] == "inconclusive"


def test_answer_defaults_to_exercise_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "04-validator.ipynb").write_bytes(SOLUTION.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert check("04-validator").exit_code == 0


def cell(source: str) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": source}]}).encode()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["99-none"], "there is no exercise '99-none'; there are 02-auth"),
        (["02-auth", "--answer", "none.py"], "cannot read none.py: No such file or directory"),
    ],
)
def test_check_impossible_exits_2_with_one_line(arguments: list[str], error: str) -> None:
    done = check(*arguments)
    assert done.exit_code == 2
    assert error in done.output
    assert len(done.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.py", "def validate(text): pass".encode("utf-16"), "is saved as UTF-16"),
        ("a.py", b"def validate(text): return '\xe9'", "line 1 has the byte 0xe9"),
        ("a.ipynb", cell("%%script python\ndef validate(text): pass"), "`%%script python` hides the code"),
        ("a.ipynb", cell("T = await f()\ndef validate(text): return T"), "the check cannot run it"),
    ],
)
def test_answer_unreadable_exits_2(tmp_path: Path, name: str, data: bytes, error: str) -> None:
    (tmp_path / name).write_bytes(data)
    done = check("04-validator", "--answer", tmp_path / name)
    assert done.exit_code == 2
    assert error in done.output
    assert not (tmp_path / "home").exists()


REFUSED = {
    "WinError 1359, seen once under Wine": (OSError(errno.EINVAL, "An internal error occurred"), "An internal error"),
    "a policy": (PermissionError(errno.EACCES, "Access is denied"), "Access is denied; check the permissions"),
    "no interpreter": (FileNotFoundError(errno.ENOENT, "It is not there", "python.exe"), "python.exe: It is not there"),
}


@pytest.mark.parametrize("cause", REFUSED)
@pytest.mark.parametrize(("name", "before"), [("04-validator", 0), ("10-capstone", 1)])
def test_process_that_cannot_start_is_one_sentence_and_exits_2(
    cause: str, name: str, before: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also when it is the second process of a check. The result is written as JSON like any other."""
    error, words = REFUSED[cause]
    usual, started = confined.start, []

    def start(*command: object, **limits: int) -> object:
        if len(started) == before:
            raise error
        started.append(command)
        return usual(*command, **limits)  # type: ignore[arg-type]

    monkeypatch.setattr(confined, "start", start)
    done = check(name, "--answer", original() / "solutions" / f"{name}.ipynb", "--json", tmp_path / "r.json")
    told = [line for line in done.output.splitlines() if "did not start" in line]
    assert (done.exit_code, len(started), len(told)) == (2, before, 1), done.output
    assert words in told[0] and told[0].endswith("check again, or run `labkit doctor`")
    assert "could not finish" not in done.output
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "inconclusive"


def test_help_has_examples() -> None:
    printed = check("--help").output
    assert "labkit check 02-auth --answer my_handler.py" in printed
    assert "Exit 0" in printed
