"""A wall clock that is wrong for a while, and right again: what came first stays first, also for the next server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.clocks import DAY, WallClock
from tests.wire.people import OPS, enter_as, refused, revoke, ticket, users
from tests.wire.raw import TOKEN, Raw, serving

REVOKED = (4410, "session revoked")
FAILED = (4403, "auth failed")
OFFS = pytest.mark.parametrize("off", [DAY, 60 * DAY, -DAY, 3600.0, -3600.0])


@pytest.fixture
def clock() -> Iterator[WallClock]:
    with pytest.MonkeyPatch.context() as patch:
        yield WallClock(patch)


@OFFS
async def test_a_fresh_ticket_opens_after_a_revocation(tmp_path: Path, clock: WallClock, off: float) -> None:
    """Revoked while the clock was wrong: whoever logs in again is let in, and is not thrown out by a restart."""
    for _ in range(3):
        async with serving(users=users(tmp_path), ops_token=OPS, audit=tmp_path / "room.db") as server:
            ada = await enter_as("ada", server.url)
            with clock.wrong(off):
                await revoke(server.url, "ada")
            assert await ada.ending() == REVOKED
            again = await enter_as("ada", server.url)
            assert await again.everything() == []
        async with serving(users=users(tmp_path), ops_token=OPS, audit=tmp_path / "room.db") as server:
            assert await (await enter_as("ada", server.url)).everything() == []
            assert await (await Raw.enter(server.url, again.ok["resume"])).everything() == []
            assert await refused(server.url, ada.ok["resume"]) == REVOKED


@OFFS
async def test_a_ticket_from_before_a_revocation_stays_shut(tmp_path: Path, clock: WallClock, off: float) -> None:
    """Whatever the clock said when the user was revoked; for the next server as well."""
    async with serving(users=users(tmp_path), ops_token=OPS, audit=tmp_path / "room.db") as server:
        before, later = await ticket(server.url, "ada"), await ticket(server.url, "ada")
        with clock.wrong(off):
            await revoke(server.url, "ada")
        assert await refused(server.url, before) == REVOKED
    async with serving(users=users(tmp_path), ops_token=OPS, audit=tmp_path / "room.db") as server:
        assert await refused(server.url, later) == REVOKED
        assert (await enter_as("ada", server.url)).ok["userId"] == "ada"


@OFFS
async def test_a_used_ticket_opens_nothing_again(tmp_path: Path, clock: WallClock, off: float) -> None:
    """Others are used while the clock is wrong, and a server starts then."""
    async with serving(users=users(tmp_path), audit=tmp_path / "room.db") as server:
        used = await ticket(server.url, "ada")
        await Raw.enter(server.url, used)
        with clock.wrong(off):
            await enter_as("bob", server.url)
        assert await refused(server.url, used) == FAILED
    with clock.wrong(off):
        async with serving(users=users(tmp_path), audit=tmp_path / "room.db") as server:
            await enter_as("bob", server.url)
            clock.off = 0.0
            assert await refused(server.url, used) == FAILED


@OFFS
async def test_repeated_requests_are_recognized(tmp_path: Path, clock: WallClock, off: float) -> None:
    """A client repeats what was not confirmed; the clock was set meanwhile, or while no server ran."""
    async with serving(audit=tmp_path / "room.db") as server:
        ada = await Raw.enter(server.url, TOKEN, "a")
        ada.chat("a", "once", requestId="r1")
        first = await ada.hear("chat")
        with clock.wrong(off):
            ada.chat("a", "once", requestId="r1")
            assert (await ada.hear("chat"))["duplicate"] is True
        resume = ada.ok["resume"]
    with clock.wrong(off if off < 3 * 3600 else 3600.0):  # further ahead the session has expired
        async with serving(audit=tmp_path / "room.db") as server:
            ada = await Raw.enter(server.url, resume, "a")
            ada.chat("a", "once", requestId="r1")
            again = await ada.hear("chat")
            assert (again["duplicate"], again["id"]) == (True, first["id"])
