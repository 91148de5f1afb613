"""Torture while the audit file is sealed: sealed and open files together hold everything."""

import asyncio
from pathlib import Path

import pytest

from labkit.bench.torture.checker import TortureResult
from labkit.bench.torture.plan import TorturePlan
from labkit.bench.torture.run import Torture
from labkit.bench.torture.target import stored_events
from labkit.wire.audit.schema import AuditError
from labkit.wire.audit.sealed_files import sealed_files
from labkit.wire.audit.sealing import seal
from tests.wire.audit.files import event, written


async def tortured(plan: TorturePlan, folder: Path) -> TortureResult:
    """Run a torture, and seal the file of its server four times a second."""
    sealing = asyncio.create_task(_seal_often(folder / "server-0.db"))
    try:
        return await Torture(plan, folder).run()
    finally:
        sealing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sealing


async def _seal_often(audit: Path) -> None:
    while True:
        await asyncio.sleep(0.25)
        try:
            await asyncio.to_thread(seal, audit)
        except AuditError:
            assert not sealed_files(audit)  # the server has not made the file yet


async def test_torture_with_seals_loses_nothing(tmp_path: Path) -> None:
    """The server is killed twice; each acked event is in one of the files, and the chain goes through all."""
    result = await tortured(TorturePlan(seconds=8, kills=2, rate=80, clients=6, seed=5), tmp_path)
    assert result.holds, result.violations
    assert len(sealed_files(tmp_path / "server-0.db")) > 3


@pytest.mark.parametrize("stop_before", ["append", "_delete_sealed"])
def test_seal_under_way_shows_no_event_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_before: str) -> None:
    """The copy has its name already, or the open file still has the rows."""
    audit = written(tmp_path / "room.db", [event(seq) for seq in range(1, 4)])
    monkeypatch.setattr(f"labkit.wire.audit.sealing.{stop_before}", _stop)
    with pytest.raises(KeyboardInterrupt):
        seal(audit)
    assert len(sealed_files(audit)) == 1
    assert [stored.seq for stored in stored_events(audit)] == [1, 2, 3]


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.matrix
async def test_long_torture_with_seals_loses_nothing(tmp_path: Path) -> None:
    """Twenty kills."""
    result = await tortured(TorturePlan(seconds=120, kills=20, rate=200, seed=6), tmp_path)
    assert result.holds, result.violations
