"""`labkit doctor`: lines, JSON, exit codes, and what a class is told."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.classroom.membership import Membership
from labkit.cli import main
from labkit.commands import doctor as command
from labkit.course.progress import Progress
from labkit.doctor import examining
from labkit.doctor.checks import browser
from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem, warning
from tests.classroom.school import teaching
from tests.doctor.machines import examined, without
from tests.wire.raw import on_a_loop

CHECKS: dict[str, Diagnosis] = {
    "python": ok("Python 4"),
    "port": warning("port 8080 is in use by \x1b[2Jnode", "stop it"),
    "disk": problem("no space in /home/ana", "delete something"),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def finding(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the checks by these results."""

    def find(**found: Diagnosis) -> None:
        def lines(subject: Subject) -> list[examining.Line]:
            return [examining.Line(name, diagnosis) for name, diagnosis in found.items()]

        monkeypatch.setattr(command, "examine", lines)

    return find


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def test_each_check_is_one_line_with_what_to_do(finding: Callable[..., None]) -> None:
    finding(**CHECKS)
    done = doctor()
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "ok       Python 4",
        "warning  port 8080 is in use by ?[2Jnode: stop it",
        "PROBLEM  no space in /home/ana: delete something",
    ]


def test_json_has_its_shape(finding: Callable[..., None]) -> None:
    finding(python=CHECKS["python"], disk=CHECKS["disk"])
    assert json.loads(doctor("--json").stdout) == {
        "checks": [
            {"name": "python", "status": "ok", "text": "Python 4", "todo": ""},
            {"name": "disk", "status": "problem", "text": "no space in /home/ana", "todo": "delete something"},
        ],
        "ok": False,
    }


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"port": CHECKS["port"]}, 0),
        ({"a": Diagnosis("warning", "labkit could not check this", "report", True)}, 2),
        ({"a": Diagnosis("warning", "labkit could not check this", "report", True), "disk": CHECKS["disk"]}, 1),
    ],
)
def test_exit_code_is_of_the_worst_result(finding: Callable[..., None], found: dict[str, Diagnosis], code: int) -> None:
    finding(**found)
    assert doctor().exit_code == code


def test_browser_is_tried_when_asked(finding: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    finding(python=ok("Python 4"))
    monkeypatch.setattr(command, "browser", lambda note: note("open it") or problem("no WebSocket", "another browser"))
    done = doctor("--browser")
    assert (done.exit_code, done.stderr) == (1, "open it\n")
    assert done.stdout.splitlines()[1] == "PROBLEM  no WebSocket: another browser"
    assert browser.PATIENCE_S >= 20


@pytest.mark.parametrize("url", ["http://localhost:8080", "ws://ana:code@localhost", "nonsense"])
def test_address_wrong_is_one_sentence(url: str) -> None:
    done = doctor("--class", url)
    assert done.exit_code == 2 and "Invalid value for '--class'" in done.stderr and "Traceback" not in done.stderr


def test_this_machine_is_examined(tmp_path: Path) -> None:
    found = examined(folder=tmp_path)
    assert list(found.checks) == list(examining.CHECKS)
    assert found.problems == [] and (found.code, found.errors) == (0, "")


@pytest.mark.parametrize("lost", ["websockets", "msgspec", "psutil", "itsdangerous", "jupyterlab", "pandas", "tornado"])
def test_package_missing_is_never_a_traceback(tmp_path: Path, lost: str) -> None:
    found = examined("--class", "ws://127.0.0.1:1", environment=without(tmp_path, lost))
    assert found.errors == "" and found.code == 1
    assert {"packages", "jupyter"} & set(found.problems) and "class" in found.problems


def joined(url: str, code: str) -> None:
    Membership(url, "ana", code, "physics").keep()


@on_a_loop
async def test_class_is_told_names_of_problems_only(tmp_path: Path, finding: Callable[..., None]) -> None:
    finding(**CHECKS, clock=problem("a day off", "set it"))
    async with teaching(tmp_path, "ana") as school:
        joined(school.url, school.codes["ana"])
        done = await asyncio.to_thread(doctor)
        row = (await school.students())["ana"]
        assert (row["missing"], row["cells"]) == (["disk", "clock"], {})
        finding(python=ok("Python 4"))
        await asyncio.to_thread(doctor, "--json")
        assert (await school.students())["ana"]["missing"] == []
    assert done.stderr == "sent to class physics: not ready (disk, clock). Nothing else about this machine is sent.\n"
    (first, _) = Progress().records()
    assert first | {"at": ""} == {"n": 1, "exercise": "ready", "status": "fail", "check": "disk,clock", "at": ""}
    stored = (tmp_path / "physics.class.db").read_bytes()
    assert b"disk,clock" in stored and b"/home/ana" not in stored and b"a day off" not in stored


def test_offline_sends_nothing(finding: Callable[..., None]) -> None:
    finding(**CHECKS)
    joined("ws://127.0.0.1:1", "code")
    done = doctor("--offline")
    assert (done.exit_code, done.stderr, Progress().records()) == (1, "", [])


def test_outside_a_class_nothing_is_recorded(finding: Callable[..., None]) -> None:
    finding(**CHECKS)
    assert doctor().stderr == "" and Progress().records() == []


def test_home_that_takes_no_record_is_one_sentence(finding: Callable[..., None], home: Path) -> None:
    finding(**CHECKS)
    joined("ws://127.0.0.1:1", "code")
    (home / "progress.jsonl").mkdir()
    done = doctor()
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith(f"not sent to the class: cannot use {home / 'progress.jsonl'}")


def test_class_joined_is_the_class_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(command, "examine", lambda subject: asked.append(subject.class_url) or [])
    joined("ws://127.0.0.1:1", "code")
    for arguments in (["--json"], ["--offline"], ["--offline", "--class", "ws://127.0.0.1:2"]):
        doctor(*arguments)
    assert asked == ["ws://127.0.0.1:1", None, "ws://127.0.0.1:2"]
