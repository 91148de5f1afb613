"""A member that comes back to many rooms is given all of them, however fast it asks, and in the order it asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from labkit.rules.rooms import Event
from labkit.wire import delayed_joins
from labkit.wire.server import Server
from tests.wire.cluster.house import house
from tests.wire.raw import TOKEN, Raw, close_frame, serving, text, until

ROOMS, EVENTS = 9, 100  # a third of an outbox each
Running = Callable[..., Any]


@asynccontextmanager
async def alone(tmp: Path, **limits: Any) -> AsyncIterator[Server]:
    async with serving(limits=limits) as server:
        yield server


@asynccontextmanager
async def audited(tmp: Path, **limits: Any) -> AsyncIterator[Server]:
    async with serving(limits=limits, audit=tmp / "room.db") as server:
        yield server


@asynccontextmanager
async def sharing(tmp: Path, **limits: Any) -> AsyncIterator[Server]:
    async with house(tmp, servers=1, limits=limits) as built:
        yield built.servers[0]


def fill(server: Server) -> list[bytes]:
    """Rooms with a past; the joins of a member that has seen none of it."""
    joins = []
    for number in range(ROOMS):
        room = server.hub.state.rooms.room(f"r{number}")
        for seq in range(1, EVENTS + 1):
            room.restore_event(
                Event(seq, "bob", "r", b'{"type":"chat","seq":%d,"text":"%s"}' % (seq, b"x" * 3400)), 0, False
            )
        room.restore(room.epoch, EVENTS)
        joins.append(text({"type": "join", "roomId": room.room_id, "since": {"epoch": room.epoch, "seq": 0}}))
    return joins


def delayed_joins_of(server: Server) -> delayed_joins.DelayedJoins:
    return server.hub.order._delayed_joins  # type: ignore[attr-defined]


@pytest.mark.parametrize("fast_path", [True, False])
@pytest.mark.parametrize("running", [alone, audited, sharing])
async def test_rejoining_many_rooms_reports_no_gap(tmp_path: Path, running: Running, fast_path: bool) -> None:
    """All joins in one packet, and a chat and a ping behind them, which are answered last."""
    async with running(tmp_path, fast_path=fast_path) as server:
        joins = fill(server)
        back = await Raw.enter(server.url)
        received = server.hub.state.counts.received
        chat, ping = {"type": "chat", "roomId": "r8", "text": "back"}, b'{"type":"ping"}'
        back.send(b"".join(joins) + text(chat) + text(ping))
        for number in range(ROOMS):
            joined, *events = await back.hear_many(1 + EVENTS)
            assert (joined["roomId"], joined["gap"]) == (f"r{number}", False)
            assert [event["seq"] for event in events] == list(range(1, EVENTS + 1))
        assert [(said["type"], said.get("text")) for said in await back.hear_many(2)] == [
            ("chat", "back"),
            ("pong", None),
        ]
        assert server.hub.state.counts.received - received == ROOMS + 2
        assert len(delayed_joins_of(server)) == 0


async def test_others_are_answered_while_a_join_waits(tmp_path: Path) -> None:
    """And when nobody waits any more, the hub is as it was: whoever goes while waiting is forgotten."""
    async with alone(tmp_path, outbox_age_s=60) as server:
        joins = fill(server)
        for end in (Raw.drop, lambda raw: raw.send(close_frame(1000))):
            slow, other = await Raw.enter(server.url), await Raw.enter(server.url)
            slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
            slow.send(b"".join(joins))
            await until(lambda: len(delayed_joins_of(server)) > 0)
            assert server.hub._held
            assert await other.everything() == []
            end(slow)
            await until(lambda: len(server.hub.state.connections) == 1)
            assert len(delayed_joins_of(server)) == 0
            assert not server.hub._held
            other.drop()
            await until(lambda: not server.hub.state.connections)


@pytest.mark.parametrize("too_much", ["time", "messages"])
async def test_join_missing_too_much_gets_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, too_much: str) -> None:
    """After some patience, or when too much would have to be kept; what came behind is answered."""
    monkeypatch.setattr(delayed_joins, "PATIENCE_S", 0.2 if too_much == "time" else 60.0)
    async with alone(tmp_path, outbox_age_s=60, messages_per_s="off") as server:
        joins = fill(server)
        slow = await Raw.enter(server.url, TOKEN)
        slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
        slow.send(b"".join(joins) + text({"type": "ping"}) * (1 if too_much == "time" else 2 * delayed_joins.MAX_KEPT))
        await until(lambda: len(delayed_joins_of(server)) > 0)
        (connection,) = server.hub.state.connections.values()
        if too_much == "time":
            await asyncio.sleep(0.2 * ROOMS)
        await until(lambda: len(connection.session.rooms) == ROOMS)
        slow.reader._transport.resume_reading()  # type: ignore[attr-defined]
        heard = []
        while (said := await slow.hear())["type"] != "pong":
            heard.append(said)
        gaps = [said["gap"] for said in heard if said["type"] == "joined"]
        assert len(gaps) == ROOMS
        assert any(gaps) and not gaps[0]
        assert len(heard) == ROOMS + EVENTS * gaps.count(False)
