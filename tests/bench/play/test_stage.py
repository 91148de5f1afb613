"""Experiments on a real lab: the story is measured, and nothing is left behind."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest

from labkit.bench.launch.lab import Health, Lab, OwnClassFailed
from labkit.bench.play.actions import fill_disk, free_disk, freeze, heal, kill_server, mute, read_at
from labkit.bench.play.recording import Recording
from tests.wire.seams.test_desk import Eager, First


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(messages_per_s=None, ping_interval_s=1, outbox_age_s=1, send_buffer_bytes=4096) as made:
        yield made


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recording, "viewer", None)


async def test_frozen_member_is_closed_and_comes_back(lab: Lab) -> None:
    run = await lab.play(members=4, rate=200, at={0.5: freeze("ben"), 5: heal("ben")}, seconds=10)
    (closed,) = run.closes
    assert (closed.member, closed.code, closed.reason, closed.limit) == ("ben", 1013, "slow", "age limit")
    assert closed.freed_bytes > 0
    assert run.last("ben", closed.at + 1).outbox_bytes < closed.freed_bytes / 10
    assert run.story.startswith("before; the outbox begins to fill; just before the age limit; ben closed: 1013 slow; ")
    assert run.story.endswith("ben is back, with a gap")
    lanes = run.lanes()
    assert lanes[lanes["to"] == "cleo"]["received"].notna().mean() > 0.9
    assert lab.health() == Health(0)


async def test_samples_share_one_clock(lab: Lab) -> None:
    run = await lab.play(members=2, rate=50, seconds=2)
    assert [len(samples) for samples in run.samples.values()] == [len(run.samples["ana"])] * 2
    assert all(before.at <= after.at for before, after in pairwise(run.samples["ben"]))
    assert run.last("ben").published <= len(run.sent) == pytest.approx(100, abs=20)
    assert run.is_over


async def test_two_experiments_do_not_mix(lab: Lab) -> None:
    await lab.play(members=2, rate=100, seconds=1)
    run = await lab.play(members=2, rate=10, seconds=1)
    assert all(at >= run.sent[number][0] for number, at in run.received["ben"].items())


async def test_member_that_reads_slowly_has_a_slow_network(lab: Lab) -> None:
    run = await lab.play(members=2, rate=20, at={0.2: read_at("ben", 3000)}, seconds=1)
    assert run.network("ben", run.now) == "slow"


async def test_close_of_a_member_that_stays_frozen_is_recorded(lab: Lab) -> None:
    run = await lab.play(members=3, rate=400, at={0.2: freeze("ben")}, seconds=6)
    assert [(closed.member, closed.code) for closed in run.closes] == [("ben", 1013)]
    assert run.story.endswith("the end")


async def test_interrupted_experiment_leaves_nobody(lab: Lab) -> None:
    playing = asyncio.ensure_future(lab.play(members=3, rate=10, seconds=60))
    await asyncio.sleep(1)
    assert len(lab.connections()) == 3
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert lab.health() == Health(0)


async def test_failing_picture_is_reported(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        async def watch(self, _: Recording) -> None:
            raise RuntimeError("no picture")

        def show(self, _: Recording) -> None: ...

    monkeypatch.setattr(Recording, "viewer", Broken())
    with pytest.raises(RuntimeError, match="no picture"):
        await lab.play(members=2, rate=10, seconds=1)
    assert lab.health() == Health(0)


async def test_bad_plan_is_refused_before_anybody_connects(lab: Lab) -> None:
    with pytest.raises(ValueError, match="'zoe' is not a member"):
        await lab.play(at={1: freeze("zoe")})
    assert lab.connections() == []


async def test_close_codes_of_both_ends(lab: Lab) -> None:
    """A client that receives nothing records 1006, and learns the server's code when it is back."""
    run = await lab.play(members=3, rate=5, at={0.5: freeze("ben"), 15: heal("ben")}, seconds=17, give_up_s=1)
    assert [(close.member, close.code) for close in run.closes] == [("ben", 4408)]
    assert [(back.member, back.code, back.recorded) for back in run.returns] == [("ben", 4408, 1006)]
    assert run.story == (
        "before; ben's network stops; just before the close; ben closed: 4408 no pong; ben is back, no gap"
    )


async def test_mute_member_still_receives(lab: Lab) -> None:
    lab.restart(ping_timeout_s=1)
    run = await lab.play(members=3, rate=5, at={0.5: mute("ben"), 5: heal("ben")}, seconds=7)
    assert [(back.code, back.recorded) for back in run.returns] == [(4408, 4408)]


async def test_hop_hides_a_member_that_is_gone(lab: Lab) -> None:
    lab.restart(ping_timeout_s=1)
    run = await lab.play(members=3, rate=5, at={0.5: [freeze("ben"), freeze("cleo")]}, hops=["cleo"], seconds=4)
    assert {name: run.last(name).is_connected for name in ("ben", "cleo")} == {"ben": False, "cleo": True}


class Late(Eager):
    """Delivers at once, and never stores."""

    def commit(self) -> list[str]:
        """Store nothing."""
        return []


@pytest.mark.parametrize(("desk", "is_lost"), [(Late, True), (First, False), (None, False)])
async def test_kill_loses_what_was_delivered_and_not_stored(desk: type[Eager] | None, is_lost: bool) -> None:
    with Lab(name="desk", desk=desk, messages_per_s=None) as lab:
        run = await lab.play(members=3, rate=50, at={1: kill_server()}, seconds=9)
        assert lab.health() == Health(0)
    assert bool(run.lost) == is_lost
    assert not is_lost or run.lost == list(range(len(run.lost)))
    assert run.story == "before; just before the kill; the server is killed; everybody is back; the end"
    assert len(run.stored) == 0 if is_lost else len(run.stored) > 100
    killed = next(mark.at for mark in run.marks if mark.kind == "killed")
    assert run.last_of_disk(killed).at_risk <= len(run.lost) <= run.last_of_disk(killed + 0.3).at_risk
    assert (run.closes, run.returns) == ([], [])


async def test_full_disk_delivers_nothing_and_loses_nothing() -> None:
    with Lab(name="desk", desk=First, messages_per_s=None) as lab:
        run = await lab.play(members=3, rate=50, at={0.5: fill_disk(), 2: free_disk()}, seconds=5)
    full, end = run.last_of_disk(2), run.last_of_disk()
    assert full.received < 0.7 * full.published
    assert full.refused > 0 and full.at_risk == end.at_risk == 0
    assert end.received > 0.9 * end.published
    assert run.story == "before; the disk is full; the disk has space again; the end"


async def test_fault_of_a_desk_outlives_the_killed_server() -> None:
    """The second server does not know what the first one's class raised."""

    class Once(First):
        made = 0

        def commit(self) -> list[str]:
            """Fail in the first life."""
            type(self).made += 1
            return super().commit() if self.made > 50 else [{}]  # type: ignore[list-item]

    with Lab(name="desk", desk=Once) as lab, pytest.raises(OwnClassFailed, match="commit must return a list"):
        await lab.play(members=2, rate=5, at={1: kill_server()}, seconds=3)
