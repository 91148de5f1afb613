"""A drill: who was online, who reconnected when, and a simulation without jitter."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from labkit.classroom.drill import Drill, DrillResult, read_drill
from tests.classroom.school import PATIENCE_S, all_sent, at_work, teaching
from tests.wire.raw import on_a_loop

NAMES = [f"s{number}" for number in range(12)]


@pytest.mark.parametrize("kind", ["drill", "crash"])
def test_drill_drops_everyone_and_everyone_returns(tmp_path: Path, kind: str) -> None:
    """The instructor's own connection is not counted."""

    @on_a_loop
    async def lesson() -> None:
        async with teaching(tmp_path, *NAMES) as school, AsyncExitStack() as stack:
            for name in NAMES:
                sender = await stack.enter_async_context(at_work(school.member(name), tmp_path / "machines"))
                sender.progress.add("01", "started")
                await all_sent(sender)
            await school.get(f"/class/{kind}", body=b"")
            async with asyncio.timeout(PATIENCE_S):
                while (result := read_drill(school.path)) is None or result.missing or not result.drill.down_s:
                    await asyncio.sleep(0.05)
            assert result.drill.kind == ("drain" if kind == "drill" else "crash")
            assert set(result.back) == set(NAMES)
            assert sum(result.arrivals) == len(NAMES)
            assert min(result.back.values()) > 0
            shown = (await school.get("/class/board"))["drill"]
            assert (shown["students"], shown["back"], shown["missing"]) == (len(NAMES), len(NAMES), [])

    lesson()


def test_drill_without_jitter_peaks_at_once() -> None:
    back = {f"s{number}": 0.21 + number / 40 for number in range(200)}
    result = DrillResult(Drill("drain", 0.0, 0, tuple(back), 500, down_s=0.2), back)
    ours, without = result.storms()
    assert (without.policy, without.peak_100ms) == ("without jitter", 200)
    assert (ours.policy, ours.peak_100ms, ours.lost) == ("this class", 4, 0)
    assert result.json()["without"] == list(without.arrivals)


def test_drill_names_missing_students() -> None:
    result = DrillResult(Drill("crash", 0.0, 0, ("ana", "ben", "cleo"), 500), {"ana": 0.5})
    assert result.missing == ["ben", "cleo"]
    assert result.json()["times"] == {"ana": 500, "ben": None, "cleo": None}
    assert next(iter(result.storms())).t99_s is None


def test_drill_of_empty_class_has_no_simulation() -> None:
    assert DrillResult(Drill("drain", 0.0, 0, (), 500), {}).json()["without"] == []
