"""The member of `labkit progress`: what it publishes when a server refuses, and when it does not."""

from collections import deque
from typing import Any, Self

import pytest

from labkit.commands import reporter as module
from labkit.commands.job import Job
from labkit.commands.reporter import Reporter
from labkit.text.job_output import Step
from labkit.wire.client.client import Refused, Stopped

DENIED = Refused("room_denied", "not yours")


class Room:
    """A client and its room. They meet each of `faults` once; None is no fault. `then` runs after each update."""

    def __init__(self, job: Job, joins: list[BaseException | None], updates: list[BaseException | None]) -> None:
        self.job, self.joins, self.updates = job, deque(joins), deque(updates)
        self.steps: list[tuple[Any, ...]] = []
        self.reporter: Reporter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def join(self, room_id: str) -> Self:
        if self.joins and (fault := self.joins.popleft()):
            raise fault
        return self

    async def progress(self, job_id: str, *step: Any) -> None:
        if self.updates and (fault := self.updates.popleft()):
            raise fault
        self.steps.append(step)
        if self.job.step.percent < 50:
            self.job.step = Step("half", 50)
        else:
            self.reporter.finish(7)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRY_S", "PAUSE_S", "GLANCE_S"):
        monkeypatch.setattr(module, name, 0.01)


def reports(joins: list[BaseException | None], updates: list[BaseException | None]) -> Reporter:
    job = Job(["true"])
    room = Room(job, joins, updates)
    room.reporter = Reporter(job, room, "a", "j")  # type: ignore[arg-type]
    room.reporter.start()
    room.reporter.join(30)
    assert not room.reporter.is_alive()
    room.reporter.steps = room.steps  # type: ignore[attr-defined]
    return room.reporter


@pytest.mark.parametrize(
    ("joins", "updates"),
    [
        ([], []),
        ([DENIED, DENIED], []),
        ([], [DENIED]),
        ([], [ValueError("odd")]),
        ([None, DENIED], [DENIED, None, DENIED]),
    ],
)
def test_refused_update_does_not_end_the_reports(
    joins: list[BaseException | None], updates: list[BaseException | None]
) -> None:
    reporter = reports(joins, updates)
    assert reporter.has_finished and reporter.fault is None
    assert reporter.steps == [("started", 0), ("half", 50), ("failed", 50, "exit code 7")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [DENIED, Stopped(4403, ""), RuntimeError("odd"), OSError(5, "io"), ValueError("v")])
def test_what_keeps_the_last_update_away_is_named(error: Exception) -> None:
    reporter = reports([], [None, None, error])
    assert not reporter.has_finished and reporter.fault == str(error)
