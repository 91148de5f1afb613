"""The client with the real server: what its user sees when all goes well, and when he changes his mind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from labkit.rules.messages import InvalidMessage
from labkit.wire.client.client import Client, ClientClosed, Refused, Stopped
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import BufferFull, ClientState
from labkit.wire.server import Server
from tests.wire.audit.files import ids
from tests.wire.people import ticket, users
from tests.wire.raw import TOKEN, serving, until
from tests.wire.scripted import Peer, Share, client_of, closes, scripted, welcoming


def connect(server: Server, token: Any = TOKEN, share: float = 0.01, **options: Any) -> Client:
    """A client of a server here; by default it comes back almost at once."""
    return Client(server.url, token, rng=Share(share), **options)


async def take(room: ClientRoom, count: int) -> list[dict[str, Any]]:
    """The next so many events."""
    async with asyncio.timeout(20):
        return [await anext(room) for _ in range(count)]


def drop_everybody(server: Server) -> None:
    """Cut every connection of a server without a word."""
    for connection in list(server.hub.state.connections.values()):
        connection.transport.abort()


async def test_its_states_can_be_watched_and_are_in_its_log() -> None:
    """One life with one accident in it, step by step."""
    states: list[str] = []
    async with serving() as server:
        async with connect(server, on_state=lambda state: states.append(state.value)) as client:
            drop_everybody(server)
            await until(lambda: states[-1] == "open" and len(states) > 3)
        life = ["connecting", "authenticating", "open"]
        assert states == [*life, "waiting", *life, "stopped"]
        assert [record.kind for record in client.log if record.kind in states] == states
        times = [record.at for record in client.log]
        assert times == sorted(times)


async def test_chat_returns_the_stored_event_that_all_members_get(tmp_path: Path) -> None:
    """What chat returned is in the audit file, and is what both members iterate over."""
    async with serving(audit=tmp_path / "room.db") as server, connect(server) as ana, connect(server) as ben:
        ours, theirs = await ana.join("demo"), await ben.join("demo")
        event = await ours.chat("hi")
        assert event["id"] in ids(tmp_path / "room.db")
        assert (event["text"], event["userId"], event["seq"]) == ("hi", ana.user_id, 1)
        assert await take(ours, 1) == await take(theirs, 1) == [event]


async def test_chat_waits_for_its_own_event() -> None:
    """Neither sending, nor somebody else's event, nor somebody else's use of the requestId ends the wait."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        room_id = await peer.admit()
        said = await peer.hear("chat")
        await peer.say("chat", roomId=room_id, requestId="another", userId="ana", text="hi", seq=1)
        await peer.say("chat", roomId=room_id, requestId=said["requestId"], userId="mallory", text="hi", seq=2)
        await peer.hear("ping")
        await peer.say("pong")
        await peer.say("chat", roomId=room_id, requestId=said["requestId"], userId="ana", text="hi", seq=3)
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        room = await client.join("demo")
        chat = asyncio.create_task(room.chat("hi"))
        await take(room, 2)
        await client.ping()
        assert not chat.done()
        await take(room, 1)
        assert (await chat)["seq"] == 3


async def test_two_members_iterate_over_the_same_events_in_order() -> None:
    """Two hundred chats from both sides at once."""
    async with serving(limits={"messages_per_s": None}) as server, connect(server) as ana, connect(server) as ben:
        rooms = [await ana.join("demo"), await ben.join("demo")]
        said = await asyncio.gather(*(rooms[number % 2].chat(str(number)) for number in range(200)))
        heard = [await take(room, 200) for room in rooms]
        assert heard[0] == heard[1]
        assert [event["seq"] for event in heard[0]] == list(range(1, 201))
        assert {event["id"] for event in said} == {event["id"] for event in heard[0]}


async def test_every_kind_of_publication_arrives_with_its_fields() -> None:
    """One of each, as the wire table lists them."""
    async with serving() as server, connect(server) as client:
        room = await client.join("demo")
        await room.progress("job-1", "build", 40.5)
        await room.progress("job-1", "done", 100, note="green")
        await room.comment("file.py:7", "why?")
        await room.read(2)
        await room.alert("warning", "acme", "disk")
        await room.exercise("01", "pass", at="09:00", n=1, check="c1")
        own = [{k: v for k, v in event.items() if k not in COMMON} for event in await take(room, 6)]
        assert own == [
            {"type": "progress", "jobId": "job-1", "phase": "build", "percent": 40.5},
            {"type": "progress", "jobId": "job-1", "phase": "done", "percent": 100, "note": "green"},
            {"type": "comment", "target": "file.py:7", "text": "why?"},
            {"type": "read", "upTo": 2},
            {"type": "alert", "severity": "warning", "customer": "acme", "text": "disk"},
            {"type": "exercise", "exercise": "01", "status": "pass", "at": "09:00", "n": 1, "check": "c1"},
        ]


COMMON = {"id", "requestId", "roomId", "userId", "sentAt", "seq"}


async def test_what_no_server_would_take_is_refused_here() -> None:
    """Sent, it would cost the connection (1008); the text of the refusal is the server's."""
    async with serving() as server, connect(server) as client:
        room = await client.join("demo")
        for text, reason in [("", "text must be 1-1000 chars"), ("x" * 1001, "text must be 1-1000 chars")]:
            with pytest.raises(InvalidMessage, match=reason):
                await room.chat(text)
        with pytest.raises(InvalidMessage, match="percent must be 0-100"):
            await room.progress("job", "build", 101)
        with pytest.raises(InvalidMessage, match="unsupported type"):
            await room.publish("shout", text="hi")
        for name in ("", "a b", "demo\n", "x" * 65):
            with pytest.raises(ValueError, match="is not a room id"):
                await client.join(name)
        assert (await room.chat("\U0001f600" * 500))["seq"] == 1
        assert closes(client) == []
        assert client.buffered_bytes == 0


async def test_request_id_is_cut_as_by_the_server_and_unique() -> None:
    """The caller may choose it; the same one again gives the first event again."""
    async with serving() as server, connect(server) as client:
        room = await client.join("demo")
        first = await room.publish("chat", text="once", requestId="r" * 150)
        assert first["requestId"] == "r" * 100
        again = await room.publish("chat", text="twice", requestId="r" * 100)
        assert (again["id"], again["text"], again["duplicate"]) == (first["id"], "once", True)
        twins = [room.publish("chat", text="hi", requestId="twin") for _ in range(2)]
        ends = await asyncio.gather(*twins, return_exceptions=True)
        assert isinstance(ends[1], ValueError)
        assert ends[0]["seq"] == 2  # type: ignore[index]
        assert [event["seq"] for event in await take(room, 2)] == [1, 2]
        assert client.buffered_bytes == len(client.unsent) == 0


async def test_presence_is_answered_and_iterated_also_after_reconnect() -> None:
    """Who is there, who came, who went; and after an accident who is there now, without being asked."""
    async with serving() as server, connect(server) as ana:
        room = await ana.join("demo")
        assert [member["userId"] for member in await room.presence()] == [ana.user_id]
        async with connect(server) as ben:
            await ben.join("demo")
            told = await take(room, 2)
            ben_id = ben.user_id
        told += await take(room, 1)
        assert [(said["type"], said.get("userId")) for said in told] == [
            ("presence", None),
            ("entered", ben_id),
            ("gone", ben_id),
        ]
        drop_everybody(server)
        (again,) = await take(room, 1)
        assert (again["type"], [member["userId"] for member in again["members"]]) == ("presence", [ana.user_id])


async def test_leave_ends_iteration_and_waiting_and_allows_rejoin() -> None:
    """Also when leave and join follow each other without a pause."""
    async with serving() as server, connect(server) as client:
        room = await client.join("demo")
        await room.chat("one")
        await room.leave()
        assert [event["text"] async for event in room] == ["one"]
        with pytest.raises(ClientClosed, match="left"):
            await room.chat("two")
        await room.leave()  # twice is once
        assert all("demo" not in connection.session.rooms for connection in server.hub.state.connections.values())

        again = await client.join("demo")
        going = asyncio.create_task(again.leave())
        await asyncio.sleep(0)
        third = await client.join("demo")
        await going
        assert (await third.chat("three"))["seq"] == 2
        assert [event["text"] for event in await take(third, 1)] == ["three"]


async def test_leave_fails_unconfirmed_messages() -> None:
    """Nothing more will be heard of it."""
    async with scripted(welcoming) as server, client_of(server) as client:
        room = await client.join("demo")
        chat = asyncio.create_task(room.chat("into the void"))
        await asyncio.sleep(0)
        going = asyncio.create_task(room.leave())
        with pytest.raises(ClientClosed):
            await chat
        assert client.buffered_bytes == 0
        going.cancel()


async def test_ping_measures_a_round_trip() -> None:
    """And overlapping ones each get their own answer."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("ping")
        await peer.hear("ping")
        await peer.say("pong")
        await asyncio.sleep(0.1)
        await peer.say("pong")
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        first, second = await asyncio.gather(client.ping(), client.ping())
        assert 0 < first < second - 0.05
        assert client.round_trip_s == second


async def test_refresh_renews_but_another_users_ticket_ends_it(tmp_path: Path) -> None:
    """The renewed resume is what the next connection uses."""
    async with serving(users=users(tmp_path)) as server, connect(server, await ticket(server.url, "ada")) as client:
        before = client._loop._resume
        await asyncio.sleep(0.01)
        await client.refresh(await ticket(server.url, "ada"))
        assert client._loop._resume not in (None, before)
        drop_everybody(server)
        await until(lambda: len(client.log.of("auth_ok")) == 2)
        assert client.user_id == "ada"
        with pytest.raises(Stopped, match="4403"):
            await client.refresh(await ticket(server.url, "bob"))


async def test_grants_decide_and_the_client_lives_on(tmp_path: Path) -> None:
    """No grant, read only, write only: each is one refused request, or what may be heard."""
    async with serving(users=users(tmp_path)) as server, connect(server, await ticket(server.url, "ada")) as ada:
        with pytest.raises(Refused, match="room_denied") as refused:
            await ada.join("secret")
        assert (refused.value.code, ada.rooms) == ("room_denied", {})
        news, box = await ada.join("news"), await ada.join("box")
        with pytest.raises(Refused, match="read_only"):
            await news.chat("hi")
        with pytest.raises(Refused, match="room_denied"):
            await box.presence()
        async with connect(server, await ticket(server.url, "bob")) as bob:
            theirs = await bob.join("box")
            for number in range(3):
                await theirs.chat(f"bob {number}")
                await box.chat(f"ada {number}")
        heard = await take(box, 3)
        assert [(event["text"], event["seq"]) for event in heard] == [("ada 0", 2), ("ada 1", 4), ("ada 2", 6)]
        assert ada.log.of("gap") == []
        assert (await (await ada.join("team:1")).chat("hi"))["seq"] == 1
        assert ada.state is ClientState.OPEN


async def test_room_denied_later_ends_the_room_but_not_the_client(tmp_path: Path) -> None:
    """A rejoin may be refused, as grants change: the room's reader and writers are told."""

    async def denying(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("join")
        await peer.say("error", code="room_denied", message="your grants changed", roomId="demo")
        await peer.stay()

    async def admitting(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        await peer.hear("chat")
        peer.abort()

    async with scripted(admitting, denying) as server, client_of(server) as client:
        room = await client.join("demo")
        chat, reading = asyncio.create_task(room.chat("hi")), asyncio.ensure_future(anext(room))
        for waiting in (chat, reading):
            with pytest.raises(Refused, match="room_denied"):
                await waiting
        assert client.state is ClientState.OPEN
        assert client.rooms == {}


async def test_a_cancelled_join_leaves_nothing_behind() -> None:
    """Neither here nor, once the server has answered, there; and the room can be joined again."""
    gate = asyncio.Event()

    async def slow(peer: Peer) -> None:
        await peer.welcome()
        await peer.hear("join")
        await gate.wait()
        await peer.say("joined", roomId="demo", epoch="e1", seq=7, gap=False, access="rw")
        await peer.hear("leave")
        await peer.say("left", roomId="demo")
        await peer.admit(seq=9)
        await peer.stay()

    async with scripted(slow) as server, client_of(server) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.join("demo")
        assert client.rooms == {}
        gate.set()
        await until(lambda: "leave" in server.peers[0].said_types)
        assert (await client.join("demo")).seq == 9


async def test_a_join_cancelled_and_asked_again_at_once_is_one_join() -> None:
    """The answer that is on its way serves the second asker; a second join would be a mistake (duplicate_join)."""
    async with serving() as server, connect(server) as client:
        first = asyncio.create_task(client.join("demo"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        assert client.rooms == {}
        room = await client.join("demo")
        assert (await room.chat("hi"))["seq"] == 1
        assert client.log.of("refused") == []


async def test_one_of_two_joiners_may_give_up() -> None:
    """The other still gets in, and both would have got the same room."""
    async with serving() as server, connect(server) as client:
        joins = [asyncio.create_task(client.join("demo")) for _ in range(3)]
        await asyncio.sleep(0)
        joins[0].cancel()
        assert await joins[1] is await joins[2] is await client.join("demo")


async def test_a_cancelled_chat_leaves_nothing_behind() -> None:
    """Its memory is free at once; it may be published all the same, and then is an event like any other."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        await peer.echo(seq=1)
        await peer.stay()

    async with scripted(play) as server, client_of(server) as client:
        room = await client.join("demo")
        chat = asyncio.create_task(room.chat("never mind"))
        await asyncio.sleep(0)
        assert client.buffered_bytes > 0
        chat.cancel()
        await asyncio.wait([chat])
        assert client.buffered_bytes == len(client.unsent) == 0
        assert (await take(room, 1))[0]["text"] == "never mind"


async def test_a_full_buffer_gives_the_message_back() -> None:
    """What does not fit is the caller's again, whole; what fits is still sent."""
    async with scripted(welcoming) as server, client_of(server, max_unsent_bytes=1000) as client:
        room = await client.join("demo")
        waiting = [asyncio.create_task(room.chat("x" * 300)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(BufferFull) as full:
            await room.comment("file.py", "y" * 300)
        assert full.value.fields == {"target": "file.py", "text": "y" * 300}
        assert 0 < client.buffered_bytes <= 1000
        for task in waiting:
            task.cancel()


async def test_many_chats_at_once_respect_the_rate_limit_and_arrive() -> None:
    """All are stored, once, though only 100 may come at a time; the strikes that end a connection are not reached."""
    async with serving() as server, connect(server) as client:
        room = await client.join("demo")
        events = await asyncio.gather(*(room.chat(str(number)) for number in range(250)))
        assert sorted(event["seq"] for event in events) == list(range(1, 251))
        assert 0 < len(client.log.of("refused")) < 50
        assert closes(client) == []


async def test_the_newer_of_two_clients_of_a_session_wins() -> None:
    """The older is told so (4409) and stays away: two tabs do not fight."""
    async with serving() as server, connect(server) as older:
        room = await older.join("demo")
        async with connect(server, older._loop._resume) as newer:
            with pytest.raises(Stopped, match="4409"):
                await anext(room)
            assert older.state is ClientState.STOPPED
            assert (newer.state, newer.user_id) == (ClientState.OPEN, older.user_id)
            await asyncio.sleep(0.1)
            assert closes(newer) == []


async def test_closing_twice_or_from_two_sides_is_closing_once() -> None:
    """Everybody who waits hears ClientClosed, iterations just end, and the server sees 1000."""
    async with serving() as server:
        client = connect(server)
        async with client:
            room = await client.join("demo")
            reading = asyncio.create_task(_read_all(room))
            await asyncio.gather(client.close(), client.close())
            await client.close()
            assert await reading == []
        for later in (client.join("demo"), room.chat("hi"), client.ping()):
            with pytest.raises(ClientClosed, match="closed"):
                await later
        await until(lambda: not server.hub.state.connections)
        assert dict(server.hub.state.counts.closed) == {1000: 1}
        assert client.state is ClientState.STOPPED


async def _read_all(room: ClientRoom) -> list[dict[str, Any]]:
    return [event async for event in room]


async def test_a_client_lives_once_and_not_before_async_with() -> None:
    """Each misuse is told in a sentence, and does not wait for ever."""
    async with serving() as server:
        client = connect(server)
        with pytest.raises(RuntimeError, match="async with"):
            await client.join("demo")
        async with client:
            pass
        with pytest.raises(RuntimeError, match="used only once"):
            await client.__aenter__()


async def test_a_cancelled_connect_leaves_no_task_and_no_socket() -> None:
    """`async with` may be given up while it waits for auth_ok."""

    async def mute(peer: Peer) -> None:
        await peer.stay()

    async with scripted(mute) as server:
        tasks = asyncio.all_tasks()
        client = client_of(server)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.__aenter__()
        assert client.state is ClientState.STOPPED
        peer = await server.met(0)
        async with asyncio.timeout(5):
            await peer.socket.wait_closed()
        await until(lambda: asyncio.all_tasks() - tasks <= {asyncio.current_task()})
