"""Few file descriptors: the limit on connections stays below them, and says so."""

import errno
import logging
import os

import pytest

from labkit.platform import open_files
from labkit.rules.limits import Limits
from labkit.wire.admission import MAX_REFUSED_SOCKETS
from labkit.wire.descriptors import RESERVE, within_descriptors
from labkit.wire.listening import Listening


@pytest.fixture
def most_files(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    monkeypatch.setattr(open_files, "most", lambda: request.param)
    monkeypatch.setattr(open_files, "now", lambda: 10)
    return int(request.param)


@pytest.mark.parametrize("most_files", [12, 40, 64, 256, 1024, 4096], indirect=True)
@pytest.mark.parametrize("asked", [10_000, None])
def test_connections_leave_room_for_refusals_and_files(
    most_files: int, asked: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Those inside, those that are refused, and a reserve: together no more than there are."""
    limits, sockets = within_descriptors(Limits(connections=asked))
    assert limits.connections is not None and sockets is not None
    assert 1 <= limits.connections < sockets <= max(2, most_files - 10 - RESERVE)
    assert sockets - limits.connections <= MAX_REFUSED_SOCKETS
    (record,) = caplog.records
    said = record.getMessage()
    assert (
        f"connections={'off' if asked is None else asked} " in said and f"set connections={limits.connections}" in said
    )
    assert "ulimit -n" in said and str(most_files) in said


@pytest.mark.parametrize("most_files", [64, 20_000], indirect=True)
def test_fewer_connections_than_descriptors_are_left_as_they_are(
    most_files: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is changed, and nothing is told."""
    limits = Limits(connections=most_files // 4)
    assert within_descriptors(limits)[0] is limits and caplog.records == []


def test_a_machine_without_a_limit_is_not_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """RLIM_INFINITY, and systems that have no such limit."""
    monkeypatch.setattr(open_files, "most", lambda: None)
    limits = Limits(connections=None)
    assert within_descriptors(limits) == (limits, None)


def test_failures_to_accept_are_logged_once_a_second(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many there are; the next line gives their number."""
    now = [100.0]
    monkeypatch.setattr("labkit.wire.listening.monotonic", lambda: now[0])
    listening = Listening(lambda: pytest.fail("no connection"), Limits(), None)
    for now[0] in (100.0, 100.1, 100.9, 101.0, 101.1):
        listening._cannot_accept(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))
    assert [record.__dict__["times"] for record in caplog.records] == [1, 3]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
