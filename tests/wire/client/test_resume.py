"""Across accidents: every event once and in order, or a gap that is told; every message stored once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from labkit.rules.limits import Limits
from labkit.wire.client import dispatcher, publisher
from labkit.wire.client.inbox import Inbox
from labkit.wire.client.state import ClientState, Disconnected
from labkit.wire.server import Server
from tests.wire.audit.files import ids
from tests.wire.client.test_client import connect, drop_everybody, take
from tests.wire.raw import QUICK, port_of, until
from tests.wire.scripted import Peer, client_of, closes, scripted

FAST = {**QUICK, "messages_per_s": None}


@asynccontextmanager
async def at(port: int, audit: Path | None = None, **limits: Any) -> AsyncIterator[Server]:
    """A server on a port; leaving it drains, as SIGTERM does."""
    async with Server("127.0.0.1", port, audit=audit, limits=Limits().set({**FAST, **limits})) as server:
        yield server


@pytest.mark.parametrize("is_audited", [True, False])
async def test_cut_again_and_again_a_reader_misses_nothing(tmp_path: Path, is_audited: bool) -> None:
    """Connections are aborted while events flow; the reader has each once, in order, and no gap."""
    path = tmp_path / "room.db" if is_audited else None
    async with at(0, path) as server, connect(server) as writer, connect(server) as reader:
        said, heard = await writer.join("demo"), await reader.join("demo")
        for part in range(5):
            await until(lambda: writer._is_in("demo") and reader._is_in("demo"))
            chats = [asyncio.create_task(said.chat(f"{part}-{number}")) for number in range(40)]
            await chats[7 * part]
            drop_everybody(server)
            await asyncio.gather(*chats)
        events = await take(heard, 200)
        assert [event["seq"] for event in events] == list(range(1, 201))
        assert len({event["requestId"] for event in events}) == 200
        assert [len(closes(client)) for client in (writer, reader)] == [5, 5]


async def test_a_restart_is_a_pause(tmp_path: Path) -> None:
    """SIGTERM, a new server with the same audit file on the same port: 1012, resume, and not one event missed."""
    path = tmp_path / "room.db"
    async with at(0, path) as server:
        ana, ben = connect(server), connect(server)
        async with ana, ben:
            said, heard = await ana.join("demo"), await ben.join("demo")
            for number in range(3):
                await said.chat(f"before {number}")
            users = ana.user_id, ben.user_id
            port = port_of(server.url)
            await server.drain()
            chat = asyncio.create_task(said.chat("while nobody was there"))
            await until(lambda: ana.state is ClientState.WAITING)
            async with at(port, path):
                event = await chat
                assert [event["text"] for event in await take(heard, 4)][-1] == "while nobody was there"
                assert event["seq"] == 4
                assert (ana.user_id, ben.user_id) == users
                assert closes(ana)[0] == closes(ben)[0] == 1012
                assert ana.previous_close is not None and ana.previous_close["code"] == 1012
                assert ben.log.of("gap") == []
                await ana.close()
                await ben.close()


async def test_server_that_lost_its_state_is_reported_as_a_gap() -> None:
    """Without an audit file a restart begins a new epoch: a new session, a gap, then the new events."""
    async with at(0) as server:
        client = connect(server)
        async with client:
            room = await client.join("demo")
            await room.chat("old")
            first_user, port = client.user_id, port_of(server.url)
            await server.drain()
            async with at(port):
                assert (await room.chat("new"))["seq"] == 1
                events = await take(room, 3)
                assert [event.get("text", event["type"]) for event in events] == ["old", "gap", "new"]
                assert events[1]["why"] == "the server has lost the room's earlier events"
                assert client.user_id != first_user
                await client.close()


async def test_history_too_short_is_reported_as_a_gap_with_bounds() -> None:
    """Away for longer than the server remembers: exactly the missing seqs are named, and the stream goes on."""
    async with at(0, history_events=5) as server, connect(server) as writer:
        said = await writer.join("demo")
        async with connect(server, share=0.2) as client:
            room = await client.join("demo")
            await said.chat("1")
            client._backoff.told(2_000)
            server.hub.state.connections[str(client.connection_id)].transport.abort()
            await until(lambda: client.state is ClientState.WAITING)
            for number in range(2, 12):
                await said.chat(str(number))
            await until(lambda: bool(client.log.of("gap")))
            await said.chat("12")
            events = await take(room, 3)
        assert [event.get("seq") for event in events] == [1, None, 12]
        assert events[1] | {"why": ""} == {"type": "gap", "roomId": "demo", "why": "", "first": 2, "last": 11}


async def test_hole_in_received_seqs_is_reported_as_a_gap() -> None:
    """The client counts: seqs that were skipped are named, and what came before is not shown again."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit(seq=3)
        for seq in (4, 8, 4, 8, 9):
            await peer.say("chat", roomId="demo", userId="ben", text="hi", seq=seq)
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        events = await take(await client.join("demo"), 4)
        assert [event.get("seq") for event in events] == [4, None, 8, 9]
        assert (events[1]["type"], events[1]["first"], events[1]["last"]) == ("gap", 5, 7)


async def test_rejoin_asks_for_events_after_the_last_received() -> None:
    """Not after what its user has read: that is in the inbox already."""

    async def first(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit(seq=3)
        await peer.say("chat", roomId="demo", userId="ben", text="hi", seq=4)
        peer.abort()

    async def second(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit(seq=5)
        await peer.say("chat", roomId="demo", userId="ben", text="hi", seq=5)
        await peer.stay()

    async with scripted(first, second) as server, client_of(server) as client:
        room = await client.join("demo")
        assert [event["seq"] for event in await take(room, 2)] == [4, 5]
        joins = [said for peer in server.peers for said in peer.heard if said["type"] == "join"]
        assert [said.get("since") for said in joins] == [None, {"epoch": "e1", "seq": 4}]


async def test_a_server_without_epochs_is_taken_as_one_that_forgets() -> None:
    """The article's protocol: joined without epoch, events without seq, no resume. Whatever was said is lost: a gap."""

    async def play(peer: Peer) -> None:
        await peer.hear("auth")
        await peer.say("auth_ok", connectionId="c", userId=f"user-{id(peer)}")
        await peer.hear("join")
        await peer.say("joined", roomId="demo")
        await peer.echo(userId=f"user-{id(peer)}")
        await peer.hear("ping")
        peer.abort()

    async with scripted(play) as server, client_of(server, "dev-token") as client:
        room = await client.join("demo")
        await room.chat("one")
        with pytest.raises(Disconnected):
            await client.ping()
        await room.chat("two")
        events = await take(room, 3)
        assert [event.get("text", event["type"]) for event in events] == ["one", "gap", "two"]
        assert {peer.heard[0]["token"] for peer in server.peers} == {"dev-token"}
        await room.leave()  # there is no `leave` in that protocol; saying it would close the connection
        assert all("leave" not in peer.said_types for peer in server.peers)


async def test_unconfirmed_messages_are_sent_again_in_order() -> None:
    """Two connections end between the chats and their events; the third one gets the same three again."""

    async def deaf(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        for _ in range(3):
            await peer.hear("chat")
        peer.abort()

    async def good(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        for seq in (1, 2, 3):
            await peer.echo(seq=seq)
        await peer.stay()

    async with scripted(deaf, deaf, good) as server, client_of(server) as client:
        room = await client.join("demo")
        events = await asyncio.gather(*(room.chat(text) for text in "abc"))
        assert [event["seq"] for event in events] == [1, 2, 3]
        chats = [
            [(said["text"], said["requestId"]) for said in peer.heard if said["type"] == "chat"]
            for peer in server.peers
        ]
        assert chats[0] == chats[1] == chats[2] == [(event["text"], event["requestId"]) for event in events]
        assert client.buffered_bytes == 0


async def test_message_stored_but_unconfirmed_is_not_stored_twice(tmp_path: Path) -> None:
    """The connection ends between commit and delivery; the repetition is recognised, chat returns the first event."""
    path = tmp_path / "room.db"
    async with at(0, path) as server, connect(server) as client:
        room = await client.join("demo")
        deliver = server.hub.state.queue._committed

        def cut_once(error: BaseException | None) -> None:
            server.hub.state.queue._committed = deliver  # type: ignore[method-assign]
            drop_everybody(server)
            asyncio.get_running_loop().call_later(0.01, deliver, error)

        server.hub.state.queue._committed = cut_once  # type: ignore[method-assign]
        event = await room.chat("once")
        assert closes(client) == [1006]
        assert (await room.chat("next"))["seq"] == 2
        assert [event["text"] for event in await take(room, 2)] == ["once", "next"]
        assert ids(path).count(event["id"]) == 1


@pytest.mark.parametrize("code", ["unavailable", "rate_limited"])
async def test_a_soft_refusal_is_waited_out(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is said again under the same requestId, and the others wait too; the caller never notices."""
    monkeypatch.setattr(publisher, "PAUSE_S", 0.1)

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        for _ in range(2):
            said = await peer.hear("chat")
            await peer.say("error", code=code, message="later", roomId="demo", requestId=said["requestId"])
        await peer.hear("ping")
        await peer.say("pong")
        for seq in (1, 2):
            await peer.echo(seq=seq)
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        room = await client.join("demo")
        chats = asyncio.gather(room.chat("a"), room.chat("b"))
        await until(lambda: len(client.log.of("refused")) == 2)
        await client.ping()  # which is answered before either is said again: they are resting
        first, second = await chats
        assert (first["text"], first["seq"], second["seq"]) == ("a", 1, 2)
        said = [message["requestId"] for message in server.peers[0].heard if message["type"] == "chat"]
        assert said == [first["requestId"], second["requestId"]] * 2


@pytest.mark.parametrize("code", ["unavailable", "rate_limited", "duplicate_join"])
async def test_a_join_that_may_work_later_is_tried_later(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`duplicate_join` means that an earlier leave was not heard: it leaves first."""
    monkeypatch.setattr(dispatcher, "REJOIN_AFTER_S", 0.05)

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        await peer.hear("leave")
        await peer.say("error", code="rate_limited", message="later", roomId="demo")
        await peer.hear("join")
        await peer.say("error", code=code, message="later", roomId="demo")
        if code == "duplicate_join":
            await peer.hear("leave")
            await peer.say("left", roomId="demo")
        await peer.admit(seq=5)
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        await (await client.join("demo")).leave()
        room = await client.join("demo")
        assert room.seq == 5
        assert closes(client) == []


async def test_a_join_to_be_tried_later_is_none_after_a_reconnect(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reconnect has asked already, or is about to: a leave now would come behind that join."""
    monkeypatch.setattr(dispatcher, "REJOIN_AFTER_S", 0.1)
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))

    async def refusing(peer: Peer) -> None:
        await peer.welcome(reconnect={"windowMs": 200 if len(server.peers) == 1 else 10})
        await peer.hear("join")
        await peer.say("error", code="duplicate_join", message="later", roomId="demo")
        await peer.hear("ping")
        peer.abort()

    async def slow(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("join")
        await asyncio.sleep(0.2)
        await peer.say("joined", roomId="demo", epoch="e1", seq=4, gap=False, access="rw")
        await peer.stay()

    async with scripted(refusing, refusing, slow) as server, client_of(server, share=1, stable_s=0) as client:
        joining = asyncio.create_task(client.join("demo"))
        for refusals in (1, 2):
            await until(lambda refusals=refusals: len(client.log.of("refused")) == refusals)  # type: ignore[misc]
            with pytest.raises(Disconnected):
                await client.ping()
        assert (await joining).seq == 4
        assert server.peers[2].said_types == ["auth", "join"]
        assert faults == []


async def test_nothing_is_published_before_the_room_is_rejoined() -> None:
    """Between auth_ok and `joined` a chat waits, a presence is refused: there, both would cost the connection."""
    gate = asyncio.Event()

    async def first(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        await peer.hear("ping")
        peer.abort()

    async def slow(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("join")
        await gate.wait()
        await peer.say("joined", roomId="demo", epoch="e1", seq=0, gap=False, access="rw")
        await peer.echo(seq=1)
        await peer.stay()

    async with scripted(first, slow) as server, client_of(server) as client:
        room = await client.join("demo")
        with pytest.raises(Disconnected):
            await client.ping()
        chat = asyncio.create_task(room.chat("hi"))
        await until(lambda: len(server.peers) == 2 and "join" in server.peers[1].said_types)
        with pytest.raises(Disconnected, match="not in the room"):
            await room.presence()
        await asyncio.sleep(0.05)
        gate.set()
        assert (await chat)["seq"] == 1
        assert server.peers[1].said_types == ["auth", "join", "chat"]


async def test_at_most_a_dozen_messages_are_on_their_way_at_once() -> None:
    """The rest stays here, where it is bounded and in order, until answers come."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        while True:
            await peer.hear()

    async with scripted(play) as server, client_of(server) as client:
        room = await client.join("demo")
        chats = [asyncio.create_task(room.chat(str(number))) for number in range(30)]
        await until(lambda: server.peers[0].said_types.count("chat") >= 12)
        await asyncio.sleep(0.05)
        assert [said["text"] for said in server.peers[0].heard if said["type"] == "chat"] == [str(n) for n in range(12)]
        assert len(client.unsent) == 30
        for chat in chats:
            chat.cancel()


async def test_slow_reader_gets_a_gap_with_the_number_lost() -> None:
    """Its memory is bounded, the newest events are kept, and the gap stands where the loss is."""
    async with at(0) as server, connect(server) as writer, connect(server, inbox_events=50) as client:
        room = await client.join("demo")
        said = await writer.join("demo")
        await asyncio.gather(*(said.chat(str(number)) for number in range(1, 201)))
        await until(lambda: room.seq == 200)
        assert len(room._inbox) == 50
        gap, *events = await take(room, 51)
        assert gap == {"type": "gap", "roomId": "demo", "why": "the reader fell behind", "missed": 150}
        assert [event["seq"] for event in events] == list(range(151, 201))
        await said.chat("201")
        assert [event["seq"] for event in await take(room, 1)] == [201]


async def test_an_inbox_gives_what_it_has_before_it_ends() -> None:
    """And counts again after each gap it has told."""
    inbox = Inbox("demo", most=2)
    for number in range(5):
        inbox.put({"n": number})
    assert (await inbox.get())["missed"] == 3
    inbox.put({"n": 5})
    assert (await inbox.get())["missed"] == 1
    inbox.end(ValueError("the end"))
    assert [await inbox.get(), await inbox.get()] == [{"n": 4}, {"n": 5}]
    for _ in range(2):
        with pytest.raises(ValueError, match="the end"):
            await inbox.get()


async def test_a_reader_may_stop_waiting_and_go_on_later() -> None:
    """A timeout around one step of the iteration, or a `break`, takes nothing away."""
    async with at(0) as server, connect(server) as client:
        room = await client.join("demo")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(room), 0.02)
        for text in "abc":
            await room.chat(text)
        async for event in room:
            assert event["text"] == "a"
            break
        assert [event["text"] for event in await take(room, 2)] == ["b", "c"]
