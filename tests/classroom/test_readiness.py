"""A student who joins tells the class whether the machine is ready."""

import asyncio
from pathlib import Path

import pytest

from labkit import classroom
from labkit.classroom import readiness
from labkit.classroom.readiness import send
from labkit.course.progress import Progress
from labkit.doctor.diagnosis import ok, problem
from labkit.doctor.examining import CHECKS, Line
from labkit.rules.limits import MAX_NAME_UNITS
from tests.classroom.school import teaching
from tests.classroom.test_sending import numbers
from tests.wire.raw import on_a_loop


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))


@on_a_loop
async def test_join_reports_readiness_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is printed before it is sent, and is the first record of the membership."""
    order = []
    lines = [Line("python", ok("Python 4")), Line("disk", problem("no space in /home/ana", "delete something"))]
    monkeypatch.setattr(readiness, "examine", lambda subject: order.append(subject.class_url) or lines)
    async with teaching(tmp_path, "ana") as school:
        Progress().add("01", "pass")  # before joining
        try:
            joined = await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana")
            row = (await school.students())["ana"]
        finally:
            classroom.leave()
        assert (row["missing"], row["cells"], numbers(school, "ana")) == (["disk"], {}, [2])
        assert order == [school.url]
    assert "ready fail disk" in repr(joined)
    printed = capsys.readouterr().out
    assert printed == "sent to class physics: not ready (disk). Nothing else about this machine is sent.\n"


@on_a_loop
async def test_join_without_readiness_sends_nothing(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        try:
            await asyncio.to_thread(classroom.join, school.url, school.codes["ana"], "ana", readiness=False)
            assert (await school.students())["ana"]["missing"] is None
        finally:
            classroom.leave()
        assert numbers(school, "ana") == []


def test_report_of_every_check_is_a_valid_record(monkeypatch: pytest.MonkeyPatch) -> None:
    class Member:
        class_id = "physics"

    monkeypatch.setattr(readiness, "membership", Member)
    assert send([*CHECKS, "browser"], lambda _: None)
    (record,) = Progress().records()
    assert record["check"] is not None and len(record["check"]) <= MAX_NAME_UNITS


def test_report_outside_a_class_is_none() -> None:
    assert not send(["disk"], pytest.fail)
    assert Progress().records() == []
