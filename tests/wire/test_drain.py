"""The end of a server, looked at from inside: everybody is told when to come back, everything said is stored."""

import asyncio
import re
from pathlib import Path

import pytest

from labkit.wire.audit.verify import verify
from labkit.wire.server import Server
from tests.wire.houses import in_every_house, serving_in
from tests.wire.raw import TOKEN, Raw, serving, text, until


@in_every_house
async def test_each_client_gets_a_slot_of_its_own(house: str, tmp_path: Path) -> None:
    """1012 `restart retry=MS`, no two alike, within clients / handshakes_per_s."""
    async with serving_in(house, tmp_path, handshakes_per_s=100) as server:
        members = [await Raw.enter(server.url, TOKEN, "a") for _ in range(20)]
        silent = await Raw.open(server.url)
        endings = [asyncio.create_task(raw.ending()) for raw in (*members, silent)]
        await server.drain()
        slots = []
        for code, reason in await asyncio.gather(*endings):
            found = re.fullmatch(r"restart retry=(\d+)", reason)
            assert code == 1012 and found
            slots.append(int(found[1]))
        assert len(set(slots)) == 21 and max(slots) < 1000 * 21 / 100


@in_every_house
async def test_earlier_events_arrive_before_the_close_frame(house: str, tmp_path: Path) -> None:
    """Fifty chats that the server has read, then the drain: fifty events, then 1012; and with an audit, all stored."""
    async with serving_in(house, tmp_path) as server:
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        ann.send(b"".join(text({"type": "chat", "roomId": "a", "text": str(number)}) for number in range(50)))
        await until(lambda: server.hub.state.counts.received == 4 + 50)
        draining = asyncio.create_task(server.drain())
        heard = [(await bob.hear())["text"] for _ in range(50)]
        assert heard == [str(number) for number in range(50)]
        assert (await bob.ending())[0] == 1012
        await draining
    if house.endswith("audit"):
        assert verify(tmp_path / "room.db").is_intact


async def test_a_client_that_does_not_answer_holds_nothing_up() -> None:
    """The drain ends after the deadline of the close, and the silent ones are cut off."""
    async with serving() as server:
        stubborn, dumb = await Raw.enter(server.url), await Raw.dial(server.url)
        stubborn.answers_close = False
        draining = asyncio.create_task(server.drain())
        assert (await stubborn.ending())[0] == 1012
        await draining
        await stubborn.gone()
        await dumb.gone()


async def test_the_next_server_may_have_the_port_at_once() -> None:
    """Also while the kernel remembers connections of the one before."""
    async with serving() as first:
        await Raw.enter(first.url)
    async with Server(port=first.port) as second:
        assert second.url == first.url
        raw = await Raw.enter(second.url)
        raw.drop()


async def test_an_audit_file_is_let_go_when_the_server_cannot_start(tmp_path: Path) -> None:
    """A key file that cannot be used: put right, the same process can try again."""
    path = tmp_path / "room.db"
    (tmp_path / "room.key").write_text("nonsense")
    (tmp_path / "room.key").chmod(0o600)
    with pytest.raises(Exception, match="contains no key"):
        await Server(port=0, audit=path).__aenter__()
    (tmp_path / "room.key").unlink()
    async with Server(port=0, audit=path):
        pass
