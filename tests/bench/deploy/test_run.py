"""A deploy drill with short times: what each operator gets."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.bench.deploy.dashboard import Look, look
from labkit.bench.deploy.plan import FAULTS, DeployPlan
from labkit.bench.deploy.run import Drill, DrillResult
from labkit.bench.torture.checker import Violation
from labkit.wire.server import Server

SHORT = DeployPlan(events=150, before_s=1.5, decide_s=4, after_s=3, clients=6, rate=60)


async def drilled(folder: Path, seed: int, operator: object) -> tuple[DrillResult, list[Look]]:
    looks: list[Look] = []
    return await Drill(replace(SHORT, seed=seed), folder, operator, looks.append).run(), looks  # type: ignore[arg-type]


async def rolls_back(_: str) -> bool:
    await asyncio.sleep(2)
    return True


async def sleeps(_: str) -> bool:
    await asyncio.sleep(600)
    return True


async def keeps(_: str) -> bool:
    return False


async def test_operator_that_rolls_back_loses_nothing(tmp_path: Path) -> None:
    """Everybody is connected again, and each event is stored once; the dashboard showed the fault."""
    result, looks = await drilled(tmp_path, 1, rolls_back)
    assert result.holds, result.faults
    assert result.json() | {"disconnected": 0, "lost": 0, "duplicated": 0, "audit_missing": 0} == result.json()
    assert any(one.version == 2 and "refused 503" in one.troubles for one in looks), looks
    assert looks[-1].version == 1


@pytest.mark.parametrize("operator", [sleeps, keeps])
async def test_operator_that_does_nothing_fails(tmp_path: Path, operator: object) -> None:
    """Version 2 is still live at the end, and most clients are outside."""
    result, _ = await drilled(tmp_path, 1, operator)
    assert not result.holds and result.decided_after_s is None
    assert "nobody rolled version 2 back, and it is still live" in result.faults
    assert len(result.disconnected) >= 2


def test_each_failure_is_a_sentence_and_fails() -> None:
    """A rollback in time is not enough."""
    from labkit.bench.torture.checker import TortureResult

    good = DrillResult(FAULTS[0], 3.0, (), 10, TortureResult.of([], acked=10, kills=0))
    assert good.holds and not good.faults
    lossy = TortureResult.of([Violation("lost", "one is missing")], acked=10, kills=0)
    for bad in (
        replace(good, decided_after_s=None),
        replace(good, disconnected=("client-1",)),
        replace(good, events=11),
        replace(good, checked=lossy),
    ):
        assert not bad.holds and len(bad.faults) == 1


async def test_look_counts_troubles_and_survives_a_server_that_is_away() -> None:
    async with Server(port=0) as server:
        server.hub.state.counts.closed[1013] += 4
        url = server.url
        seen = await asyncio.to_thread(look, url, 2, 7)
    assert seen == Look(2, 0, 7, {"closed 1013": 4})
    assert str(seen) == "version 2: 0 connections, 7 acked/s, troubles: closed 1013 4"
    assert "no answer" in str(await asyncio.to_thread(look, url, 2, 0))


@pytest.mark.matrix
@pytest.mark.parametrize("seed", [1, 2, 3, 9, 10])
async def test_five_seeds_lose_nothing_of_ten_thousand_events(tmp_path: Path, seed: int) -> None:
    result = await Drill(DeployPlan(seed=seed), tmp_path, rolls_back).run()
    assert result.holds and result.checked.acked >= 10_000, result.faults


@pytest.mark.matrix
@pytest.mark.parametrize("seed", [1, 2, 3, 9, 10])
async def test_five_seeds_fail_an_operator_who_sleeps(tmp_path: Path, seed: int) -> None:
    result = await Drill(DeployPlan(seed=seed), tmp_path, sleeps).run()
    assert not result.holds
    assert "nobody rolled version 2 back, and it is still live" in result.faults
