"""Servers without rooms: what `--learn` finds of each kind, and that a review judges only what applies to them."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from labkit.review import examine
from labkit.review.conversation import CannotFollow
from labkit.review.dialect import Dialect, dialect_of
from labkit.review.learning import Learned, learn
from labkit.review.planning import missing_premise, plan
from labkit.review.probes import PROBES
from labkit.review.promised_limits import Promised
from labkit.review.server_review import select
from labkit.review.target import Target
from tests.review.roomless import (
    AsksForName,
    GreetsFirst,
    Message,
    Remembers,
    Roomless,
    SendsBack,
    SendsBackAlone,
    SendsOn,
)
from tests.review.talker import url_of

ONE_ROOM = "does not apply: the server has one room"
KINDS = (SendsBack, SendsOn, AsksForName, GreetsFirst, Remembers)
COMPARE_ROOMS = ("rooms/1", "rooms/2", "rooms/6", "rooms/9", "validation/4")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These servers are in the same process, so what has not come by then does not come."""
    monkeypatch.setattr("labkit.review.learning.PATIENCE_S", 0.4)


async def learned(server: Any, tables: dict[str, Any] | None = None) -> Learned:
    """What `--learn` finds of a running server."""
    return await learn(Target(url=url_of(server), tokens=(Remembers.TOKEN,)), tables)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
async def test_server_without_rooms_is_learned_and_judged(kind: type[Roomless]) -> None:
    """None of the probes that compare rooms judges it, and no other calls it dangerous for having one room."""
    async with kind().serving() as server:
        found = await learned(server)
        assert found.stopped is None, found
        dialect = dialect_of(found.tables)
        assert dialect.has_one_room
        only = ["rooms", "validation/4", "validation/1", "secrets/3", "protocol/9"]
        report = await examine(url_of(server), profile="core", only=only, dialect=dialect, tokens=[Remembers.TOKEN])
    assert {report.not_applicable[name] for name in COMPARE_ROOMS} == {ONE_ROOM}
    assert not set(COMPARE_ROOMS) & {finding.id for finding in report}
    assert "rooms/8" in report.ids("held"), report
    wrong = [name for name in report.ids("broken") if name not in EXPECTED.get(kind, ())]
    assert wrong == [], report


EXPECTED = {SendsBack: ("rooms/5", "secrets/3"), SendsOn: ("rooms/5", "secrets/3")}  # they pass on whatever is sent


@pytest.mark.parametrize("kind", [SendsBack, SendsOn])
async def test_echo_is_no_login_and_no_join_answer(kind: type[Roomless]) -> None:
    """A server that sends everything back has neither message, and its answer to a ping repeats that ping."""
    async with kind().serving() as server:
        found = await learned(server)
    dialect = dialect_of(found.tables)
    assert set(dialect.no_messages) == {"auth", "join"}, found
    assert "auth_ok" not in dialect.types and "auth_ok" not in dialect.known
    assert dialect.matches_pongs


async def test_dialect_that_takes_an_echo_for_a_login_is_refused() -> None:
    tables = {"types": {"auth_ok": "auth"}}
    async with SendsBack().serving() as server:
        with pytest.raises(CannotFollow) as stop:
            await examine(url_of(server), dialect=dialect_of(tables), patience_s=1)
    assert stop.value.step == "authenticate"
    assert "the server sends the auth back" in str(stop.value)
    assert stop.value.proposal == {"without": {"messages": ["auth"]}}


async def test_server_that_answers_only_the_sender_is_no_chat() -> None:
    async with SendsBackAlone().serving() as server:
        found = await learned(server)
    assert found.stopped is not None
    assert found.stopped.step == "receive"


async def test_ping_of_another_client_is_no_pong() -> None:
    """A chatty stranger's pings come back to everybody; a probe waits for the answer to its own."""
    async with SendsBack().serving() as server:
        found = await learned(server)
        dialect = dialect_of(found.tables)
        async with connect(url_of(server)) as stranger:
            chatter = asyncio.create_task(_chatter(stranger, dialect))
            only = ["rooms/8", "rooms/4", "protocol/9"]
            report = await examine(url_of(server), profile="core", only=only, dialect=dialect)
            chatter.cancel()
    assert report.ids("broken") == [], report


async def _chatter(stranger: Any, dialect: Dialect) -> None:
    while True:
        await stranger.send(dialect.text({"type": "ping"}))
        await asyncio.sleep(0.005)


def test_pong_equals_its_own_ping() -> None:
    dialect = Dialect(more={"ping": {"text": "$PING"}}, known={"pong": {"type": "chat", "text": "$PING"}})
    sent = str(dialect.encode({"type": "ping"})["text"])
    answer = {"type": "chat", "text": sent}
    assert dialect.decode(answer, {sent})["type"] == "pong"
    assert dialect.decode(answer, {"ping-00000000"})["type"] == "chat"
    assert dialect.repeated(answer) == sent
    assert dialect.repeated({"type": "chat", "text": "hello"}) == ""
    assert dialect.repeated({"type": "note", "text": sent}) == ""


def test_ping_in_a_room_of_ones_own_stays_the_same() -> None:
    dialect = Dialect(more={"ping": {"roomId": "$PEER"}})
    pings = {str(dialect.encode({"type": "ping"}, "ping-12345678")["roomId"]) for _ in range(3)}
    assert pings == {"ping-12345678"}


def test_server_with_one_room_gets_no_room_name() -> None:
    """Unless the dialect lists that room."""
    message = {"type": "chat", "roomId": "r", "text": "x"}
    assert Dialect(has_one_room=True).encode(message) == {"type": "chat", "text": "x"}
    assert Dialect(has_one_room=True, room=("lobby",)).encode(message) == message


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"has_one_room": "yes"}, "has_one_room must be true or false"),
        ({"has_one_room": True, "room": "lobby-$ID"}, "a list of its one name"),
        ({"has_one_room": True, "room": ["a", "b"]}, "a list of its one name"),
        ({"room": ["a"]}, "a server with one room has has_one_room = true"),
    ],
)
def test_contradiction_about_rooms_is_refused(table: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        dialect_of(table)


def test_probes_in_one_room_run_one_at_a_time() -> None:
    """Also where a server has a few fixed rooms: two probes would receive each other's chats."""
    for dialect, most in ((Dialect(has_one_room=True), 1), (Dialect(room=("a", "b", "c")), 1), (Dialect(), 8)):
        whole = plan(select("core", (), dialect), Promised(), dialect)
        assert whole.at_once == most
    slower = plan(select("core", ()), Promised(), Dialect(has_one_room=True))
    assert slower.estimate_s(Promised()) > plan(select("core", ()), Promised(), Dialect()).estimate_s(Promised())


def test_every_probe_that_names_two_rooms_needs_them() -> None:
    """In a server with one room the second name is refused, so no probe can compare a room with itself."""
    left = {probe.id for probe in PROBES if missing_premise(probe, Dialect(has_one_room=True)) == ONE_ROOM}
    assert set(COMPARE_ROOMS) <= left
    assert "rooms/8" not in left and "slow/1" not in left


async def test_fault_of_a_server_without_rooms_is_still_found() -> None:
    """A chat that arrives under the name that its sender chose."""

    class Trusting(AsksForName):
        def received(self, connection: Any, text: str) -> None:
            message: Message = self.read(text)
            if message.get("type") == "message" and connection in self.clients:
                self.tell_all(type="message", nick=message.get("nick", "x"), text=str(message.get("text")))
            else:
                super().received(connection, text)

    for kind, verdict in ((AsksForName, "held"), (Trusting, "broken")):
        async with kind().serving() as server:
            found = await learned(server)
            tables = json.loads(json.dumps(found.tables))
            tables.setdefault("fields", {})["userId"] = "nick"
            report = await examine(url_of(server), profile="core", only=["rooms/5"], dialect=dialect_of(tables))
        assert report["rooms/5"].verdict == verdict, report
