"""One room on several servers: one order, one epoch, one answer to a repetition, members who may come back anywhere."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.brokers import broker_at
from labkit.wire.server import Server
from tests.wire.cluster.house import ROOM, house
from tests.wire.people import enter_as, refused, revoke, ticket
from tests.wire.raw import TOKEN, Ended, Raw, close_frame, text, until


async def test_two_servers_deliver_a_room_in_the_same_order(tmp_path: Path) -> None:
    """Both talk at once; every member hears the same events with the same seqs, and both files hold them."""
    async with house(tmp_path) as built:
        one, two = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        for number in range(50):
            one.chat(ROOM, f"one {number}")
            two.chat(ROOM, f"two {number}")
        heard = [await member.hear_many(100, "chat") for member in (one, two)]
        assert heard[0] == heard[1]
        assert [event["seq"] for event in heard[0]] == list(range(1, 101))
        await built.all_have(100)
        assert [row[3] for row in built.events(0)] == [event["id"] for event in heard[0]]


@pytest.mark.parametrize("ping", [b'{"type": "ping"}', b'{"type":"ping"}'], ids=["written otherwise", "as usual"])
async def test_answers_keep_the_order_of_messages_through_the_log(tmp_path: Path, ping: bytes) -> None:
    """Two chats, a ping, a leave: the events come before the pong, and the pong before `left`."""
    async with house(tmp_path) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        one.chat(ROOM, "a")
        one.chat(ROOM, "b")
        one.send(text(ping))
        one.say(type="leave", roomId=ROOM)
        one.send(text(ping))
        assert [(await one.hear())["type"] for _ in range(5)] == ["chat", "chat", "pong", "left", "pong"]


async def test_earlier_events_arrive_before_the_close(tmp_path: Path) -> None:
    """And what comes behind the invalid message is not acted on, though the close waits for its turn."""
    async with house(tmp_path) as built:
        one, two = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        one.chat(ROOM, "good")
        one.say(type="nonsense")
        one.chat(ROOM, "behind")
        assert (await one.hear("chat"))["text"] == "good"
        assert (await one.ending())[0] == 1008
        two.chat(ROOM, "later")
        assert [event["text"] for event in await two.hear_many(2, "chat")] == ["good", "later"]


async def test_a_member_resumes_on_another_server_without_a_hole(tmp_path: Path) -> None:
    """The same user by the same credential; exactly what it missed, in order; and how its last connection ended."""
    async with house(tmp_path) as built:
        one, other = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        one.say(type="leave", roomId=ROOM)
        await one.hear("left")
        one.say(type="join", roomId=ROOM)
        since = await one.hear("joined")
        one.reset()
        for number in range(20):
            other.chat(ROOM, str(number))
        await other.hear_many(20, "chat")
        await until(lambda: built.servers[1].hub.state.sessions.closed_before(one.ok["connectionId"]) is not None)
        back = await Raw.enter(built.urls[1], one.ok["resume"], previous=one.ok["connectionId"])
        assert back.ok["userId"] == one.ok["userId"]
        assert back.ok["previousClose"]["code"] == 1006
        back.say(type="join", roomId=ROOM, since={"epoch": since["epoch"], "seq": since["seq"]})
        joined = await back.hear("joined")
        assert (joined["gap"], joined["epoch"], joined["seq"]) == (False, since["epoch"], 20)
        assert [event["text"] for event in await back.hear_many(20, "chat")] == [str(number) for number in range(20)]


async def test_an_empty_request_id_is_one_as_on_a_lone_server(tmp_path: Path) -> None:
    """The event has it, and the second message with it is a repetition."""
    async with house(tmp_path, servers=1) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        one.chat(ROOM, "a", requestId="")
        one.chat(ROOM, "b", requestId="")
        first, second = await one.hear_many(2, "chat")
        assert (first["requestId"], second) == ("", first | {"duplicate": True})


async def test_a_request_repeated_on_another_server_is_recognised(tmp_path: Path) -> None:
    """Its sender gets the first event again, marked; nobody hears it twice, and no file holds it twice."""
    async with house(tmp_path) as built:
        one, other = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        one.chat(ROOM, "once", requestId="r1")
        first = await one.hear("chat")
        back = await Raw.enter(built.urls[1], one.ok["resume"], ROOM)
        back.chat(ROOM, "once", requestId="r1")
        assert await back.hear("chat") == first | {"duplicate": True}
        other.chat(ROOM, "next")
        assert [event["text"] for event in await other.hear_many(2, "chat")] == ["once", "next"]
        await built.all_have(2)


async def test_two_that_are_on_their_way_at_once_become_one_event(tmp_path: Path) -> None:
    """The log decides which of them is the first: here neither server could have known of the other."""
    async with house(tmp_path) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        back = await Raw.enter(built.urls[0], one.ok["resume"], ROOM)
        back.chat(ROOM, "twice", requestId="r1")
        back.chat(ROOM, "twice", requestId="r1")
        first, second = await back.hear_many(2, "chat")
        assert second == first | {"duplicate": True}
        await built.all_have(1)


async def test_the_newest_connection_of_a_session_wins_across_servers(tmp_path: Path) -> None:
    """The older one, on the other server, gets 4409; and the newer one is not closed by the older one's word."""
    async with house(tmp_path) as built:
        older = await Raw.enter(built.urls[0], TOKEN, ROOM)
        newer = await Raw.enter(built.urls[1], older.ok["resume"], ROOM)
        assert (await older.ending())[0] == 4409
        newest = await Raw.enter(built.urls[0], older.ok["resume"], ROOM)
        assert (await newer.ending())[0] == 4409
        newest.chat(ROOM, "still here")
        assert (await newest.hear("chat"))["text"] == "still here"


async def test_a_ticket_opens_one_door_of_all(tmp_path: Path) -> None:
    """Presented to both servers at once, one of them lets it in; and a third time it is spent on either."""
    async with house(tmp_path) as built:
        paper = await ticket(built.urls[0], "ada")
        doors = [await Raw.open(url) for url in built.urls]
        for door in doors:
            door.say(type="auth", token=paper)

        async def outcome(door: Raw) -> str | int:
            try:
                return str((await door.hear("auth_ok"))["userId"])
            except Ended as ended:
                return ended.code

        assert sorted([await outcome(door) for door in doors], key=str) == [4403, "ada"]
        for url in built.urls:
            assert (await refused(url, paper))[0] == 4403


async def test_a_credential_that_is_no_good_is_not_written_to_the_log(tmp_path: Path) -> None:
    """Nobody empties the log, and a stranger may come back as often as it likes: only what may be let in costs room."""
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[0])
        broker = built.servers[0].hub.order.broker  # type: ignore[attr-defined]
        places = [(await broker._log_info())[2]]
        forged, used = ada.ok["resume"][:-4] + "AAAA", "t" + ada.ok["resume"][1:]
        outcomes = [(await refused(built.urls[0], token))[0] for token in ("r.garbage", "t.garbage", forged, used)]
        assert outcomes == [4419, 4403, 4403, 4403]
        await revoke(built.urls[0], "ada")
        assert (await refused(built.urls[0], ada.ok["resume"]))[0] == 4410
        await until(lambda: not built.servers[0].hub.state.sockets)
        places.append((await broker._log_info())[2])
        assert places == [1, 2], "more than ada's ticket and her revocation"


async def test_messages_after_a_ticket_wait_for_it(tmp_path: Path) -> None:
    """auth and join in one packet: the join is judged once the log has let the ticket in."""
    async with house(tmp_path) as built:
        paper = await ticket(built.urls[0], "bob")
        bob = await Raw.open(built.urls[1])
        bob.say(type="auth", token=paper)
        bob.say(type="join", roomId=ROOM)
        bob.chat(ROOM, "hi")
        kinds = [(await bob.hear())["type"] for _ in range(3)]
        assert kinds == ["auth_ok", "joined", "chat"]


async def test_a_ticket_renews_a_session_once(tmp_path: Path) -> None:
    """refresh spends it for all servers."""
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[0])
        paper = await ticket(built.urls[0], "ada")
        ada.say(type="refresh", token=paper)
        assert (await ada.hear("auth_ok"))["userId"] == "ada"
        await until(lambda: any(e.kind == "ticket" for e in built.stored(1)))
        assert (await refused(built.urls[1], paper))[0] == 4403


@pytest.mark.parametrize(("bad", "code"), [("bob's ticket", 4403), ("r.garbage", 4419)])
async def test_messages_after_a_refresh_wait_for_it(tmp_path: Path, bad: str, code: int) -> None:
    """The chat before it is heard before its answer, the one behind it after it; behind a refused one, never."""
    async with house(tmp_path) as built:
        ada, other = await enter_as("ada", built.urls[0], "team:1"), await enter_as("ada", built.urls[1], "team:1")
        good = await ticket(built.urls[0], "ada")
        refresh = await ticket(built.urls[0], "bob") if bad == "bob's ticket" else bad

        def say(number: int, token: str) -> None:
            chats = [text({"type": "chat", "roomId": "team:1", "text": str(number + n)}) for n in range(2)]
            ada.send(chats[0] + text({"type": "refresh", "token": token}) + chats[1])

        say(1, good)
        ada.say(type="ping")
        assert [(await ada.hear())["type"] for _ in range(4)] == ["chat", "auth_ok", "chat", "pong"]
        say(3, refresh)
        assert (await ada.ending())[0] == code
        assert [said["text"] for said in await other.hear_many(3, "chat")] == ["1", "2", "3"]
        other.chat("team:1", "end")
        assert (await other.hear("chat"))["text"] == "end"
        await until(lambda: len(built.servers[0].hub.order.queue) == 0)  # type: ignore[attr-defined]


async def test_revoke_on_one_server_ends_the_user_on_all(tmp_path: Path) -> None:
    """4410 there too, also for its resume and for an older ticket; a ticket fetched later lets it in again."""
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[1])
        unused = [await ticket(url, "ada") for url in built.urls]
        await revoke(built.urls[0], "ada")
        assert (await ada.ending())[0] == 4410
        for url, paper in zip(built.urls, reversed(unused)):
            assert (await refused(url, ada.ok["resume"]))[0] == 4410
            assert (await refused(url, paper))[0] == 4410
        assert (await enter_as("ada", built.urls[0])).ok["userId"] == "ada"


async def test_presence_counts_members_of_all_servers(tmp_path: Path) -> None:
    """`entered` when a user's first connection anywhere comes, `gone` when its last one anywhere goes."""
    async with house(tmp_path) as built:
        watcher = await Raw.enter(built.urls[0], TOKEN, ROOM)
        watcher.say(type="presence", roomId=ROOM)
        await watcher.hear("presence")
        first = await Raw.enter(built.urls[1], await ticket(built.urls[1], "bob"), ROOM)
        assert (await watcher.hear("entered"))["userId"] == "bob"
        second = await Raw.enter(built.urls[0], await ticket(built.urls[0], "bob"), ROOM)
        await until(lambda: built.servers[1].hub.state.sockets != set())
        watcher.say(type="presence", roomId=ROOM)
        assert {m["userId"] for m in (await watcher.hear("presence"))["members"]} == {"bob", watcher.ok["userId"]}
        first.drop()
        await asyncio.sleep(0.3)
        assert await watcher.everything() == []
        second.drop()
        assert (await watcher.hear("gone"))["userId"] == "bob"


async def test_a_server_that_stops_takes_its_members_with_it(tmp_path: Path) -> None:
    """Those of other servers see them go."""
    async with house(tmp_path) as built:
        watcher = await Raw.enter(built.urls[0], TOKEN, ROOM)
        watcher.say(type="presence", roomId=ROOM)
        await watcher.hear("presence")
        await Raw.enter(built.urls[1], await ticket(built.urls[1], "bob"), ROOM)
        await watcher.hear("entered")
        await built.servers[1].drain()
        assert (await watcher.hear("gone"))["userId"] == "bob"


@pytest.mark.parametrize("goes", [lambda one: one.send(close_frame(1000)), Raw.drop], ids=["close frame", "lost"])
async def test_member_leaving_after_a_chat_is_out_of_the_room(tmp_path: Path, goes: Callable[[Raw], None]) -> None:
    """The leave waits for the chat to come out of the log, and the connection is gone before."""
    async with house(tmp_path, servers=1) as built:
        watcher = await Raw.enter(built.urls[0], TOKEN, ROOM)
        watcher.say(type="presence", roomId=ROOM)
        await watcher.hear("presence")
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        await watcher.hear("entered")
        one.send(text({"type": "chat", "roomId": ROOM, "text": "bye"}) + text({"type": "leave", "roomId": ROOM}))
        await asyncio.sleep(0)  # else what is lost is lost with it
        goes(one)
        assert (await watcher.hear("gone"))["userId"] == one.ok["userId"]
        room, hub = built.servers[0].hub.state.rooms.room(ROOM), built.servers[0].hub
        await until(lambda: len(hub.state.connections) == 1 and len(room.members) == 1)


async def test_rooms_without_events_are_not_kept(tmp_path: Path) -> None:
    """Left, not entered in time, restored: the same epoch makes them anew. One that was left in between works."""
    async with house(tmp_path, servers=1) as built:
        one, hub = await Raw.enter(built.urls[0], TOKEN), built.servers[0].hub
        turns = [text({"type": kind, "roomId": "z"}) for kind in ("join", "leave", "join", "presence")]
        one.send(b"".join(turns))
        assert [(await one.hear())["type"] for _ in turns] == ["joined", "left", "joined", "presence"]
        for number in range(20):
            one.say(type="join", roomId=f"z{number}")
            one.say(type="leave", roomId=f"z{number}")
        one.chat("z", "x")
        one.say(type="join", roomId="y")
        one.send(text({"type": "join", "roomId": "never"}) + close_frame(1000))
        await until(lambda: not hub.state.connections)
        await until(lambda: [room.room_id for room in hub.state.rooms] == ["z"])
        await built.servers[0].drain()
        again = Server(port=0, broker=broker_at(built.broker.url), key=built.key, audit=tmp_path / "one.db")
        async with again:
            assert [(room.room_id, room.seq) for room in again.hub.state.rooms] == [("z", 1)]


@pytest.mark.parametrize("words", ["plain", "\ud800 half a character", "🦉 " * 300])
async def test_any_text_travels_through_the_log_unchanged(tmp_path: Path, words: str) -> None:
    """Also half a character, as JavaScript's strings may hold one."""
    async with house(tmp_path) as built:
        one, two = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        one.chat(ROOM, words)
        assert (await two.hear("chat"))["text"] == words
        assert (await one.hear("chat"))["text"] == words
