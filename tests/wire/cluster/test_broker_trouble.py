"""The broker stops, dies, is slow, is cut off, loses its log; clocks disagree. What members see of it stands here."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from labkit.bench.launch.nats_process import NatsProcess
from labkit.brokers import BadBroker, LogError, broker_at
from labkit.faults import Latency
from labkit.rules.limits import Limits
from labkit.wire.audit.writer import Audit, AuditError
from labkit.wire.client.client import Client
from labkit.wire.cluster.order import LogOrder
from labkit.wire.keyfile import new_key
from labkit.wire.server import Server
from tests.wire.cluster.house import ROOM, House, house
from tests.wire.people import enter_as, refused, revoke, ticket
from tests.wire.raw import TOKEN, Ended, Raw, until


async def how_it_goes(url: str, token: str) -> str | int:
    """Whom a credential lets in, or the close code."""
    raw = await Raw.open(url)
    raw.say(type="auth", token=token)
    try:
        return str((await raw.hear("auth_ok"))["userId"])
    except Ended as ended:
        return ended.code


def is_up(built: House, number: int = 0) -> bool:
    return built.servers[number]._broker.is_up  # type: ignore[union-attr]


@pytest.mark.parametrize("end", [NatsProcess.terminate, NatsProcess.kill], ids=["stop", "kill -9"])
async def test_broker_outage_loses_and_duplicates_nothing(tmp_path: Path, end: Callable[[NatsProcess], None]) -> None:
    """Members stay; what is said meanwhile is refused as `unavailable`, kept by our client, and said again."""
    async with house(tmp_path) as built, Client(built.urls[0], TOKEN) as ann, Client(built.urls[1], TOKEN) as bob:
        rooms = [await client.join(ROOM) for client in (ann, bob)]
        saying = [asyncio.create_task(rooms[n % 2].chat(f"before {n}")) for n in range(20)]
        await asyncio.sleep(0.01)
        await asyncio.to_thread(end, built.broker)
        await until(lambda: not is_up(built, 0) and not is_up(built, 1))
        saying += [asyncio.create_task(rooms[n % 2].chat(f"while {n}")) for n in range(20)]
        await until(lambda: all(client.log.of("refused") for client in (ann, bob)))
        assert {r.detail["code"] for client in (ann, bob) for r in client.log.of("refused")} == {"unavailable"}
        await asyncio.to_thread(built.broker.start)
        said = await asyncio.gather(*saying)
        await built.all_have(40)
        assert sorted(event["seq"] for event in said) == list(range(1, 41))
        assert ann.log.of("closed") == bob.log.of("closed") == []
        await until(lambda: all(room.seq == 40 for room in rooms))
        heard = [[await room.__anext__() for _ in range(40)] for room in rooms]
        assert heard[0] == heard[1]


async def test_a_server_cut_off_from_the_broker_goes_on_where_it_was(tmp_path: Path) -> None:
    """Its members stay and hear nothing, and cannot publish; the others go on; healed, it tells what it missed."""
    async with house(tmp_path) as built:
        one, two = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        built.part(0)
        one.chat(ROOM, "lost?", requestId="r1")
        assert (await one.hear("error"))["code"] == "unavailable"
        await until(lambda: not is_up(built))
        for number in range(5):
            two.chat(ROOM, str(number))
        assert [event["text"] for event in await two.hear_many(5, "chat")] == list("01234")
        assert await one.everything() == []
        built.lines[0].heal()
        heard = [(event["seq"], event["text"]) for event in await one.hear_many(5, "chat") if event["text"] != "lost?"]
        await until(lambda: is_up(built))
        one.chat(ROOM, "lost?", requestId="r1")
        two.chat(ROOM, "end")
        while (event := await one.hear("chat"))["text"] != "end":
            heard.append((event["seq"], event["text"]))
        texts = [event[-1] for event in built.events(1)]
        assert sum("lost?" in text for text in texts) == 1, "said twice, or not at all"
        await built.all_have(7)


async def test_a_slow_broker_makes_everybody_wait_and_nothing_else(tmp_path: Path) -> None:
    """300 ms each way: events come late, in order, once; another room's members are not held up by a hold-up of one."""
    async with house(tmp_path) as built:
        one, two = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        built.lines[0].set(down=[Latency(0.3)], up=[Latency(0.3)])
        for number in range(10):
            one.chat(ROOM, str(number))
        one.say(type="ping")
        answers = [await one.hear() for _ in range(11)]
        assert [answer["type"] for answer in answers] == ["chat"] * 10 + ["pong"]
        assert await two.hear_many(10, "chat") == answers[:10]


async def test_broker_away_resume_is_accepted_and_ticket_must_wait(tmp_path: Path) -> None:
    """Another server might have taken the ticket: 1013, come back; a live session's refresh is refused softly."""
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[0])
        papers = [await ticket(built.urls[0], "ada") for _ in range(2)]
        await asyncio.to_thread(built.broker.terminate)
        await until(lambda: not is_up(built))
        assert await refused(built.urls[0], papers[0]) == (1013, "busy retry=2000")
        ada.say(type="refresh", token=papers[1])
        assert (await ada.hear("error"))["code"] == "unavailable"
        back = await Raw.enter(built.urls[0], ada.ok["resume"])
        assert back.ok["userId"] == "ada"
        await asyncio.to_thread(built.broker.start)
        await until(lambda: is_up(built))
        while isinstance(code := await how_it_goes(built.urls[0], papers[0]), int):
            if code == 4401:  # on a busy machine the log may take long
                papers[0] = await ticket(built.urls[0], "ada")
            else:
                assert code == 1013
            await asyncio.sleep(0.1)
        assert code == "ada"


async def test_ticket_overdue_in_the_log_closes_4401(tmp_path: Path) -> None:
    """Its message may come later, and then it opens nothing: 4401, so that its client fetches another, which opens."""
    async with house(tmp_path, servers=1) as built:
        paper = await ticket(built.urls[0], "ada")
        built.part(0)
        assert (await refused(built.urls[0], paper))[0] == 4401
        built.lines[0].heal()
        await until(lambda: any(e.kind == "ticket" for e in built.stored(0)))
        await until(lambda: is_up(built))
        assert (await refused(built.urls[0], paper))[0] == 4403
        assert (await enter_as("ada", built.urls[0])).ok["userId"] == "ada"


async def test_member_ahead_of_the_log_waits_for_it(tmp_path: Path) -> None:
    """No gap is told, and nothing is given twice: the join is answered when the log has brought what was heard."""
    async with house(tmp_path) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        one.chat(ROOM, "first")
        first = await one.hear("chat")
        await built.all_have(1)
        epoch = built.events(0)[0][1]
        built.part(1)
        await until(lambda: not is_up(built, 1))
        one.chat(ROOM, "second")
        await one.hear("chat")
        back = await Raw.enter(built.urls[1], one.ok["resume"])
        back.say(type="join", roomId=ROOM, since={"epoch": epoch, "seq": 2})
        back.say(type="ping")
        await asyncio.sleep(0.3)
        built.lines[1].heal()
        joined, pong = await back.hear("joined"), await back.hear()
        assert (joined["gap"], joined["seq"], first["seq"]) == (False, 2, 1)
        assert pong["type"] == "pong"


async def test_member_closing_while_waiting_for_the_log_is_forgotten(tmp_path: Path) -> None:
    """And the server goes on: nothing is left of it, and others come in."""
    async with house(tmp_path) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        one.chat(ROOM, "first")
        await one.hear("chat")
        await built.all_have(1)
        hub = built.servers[1].hub
        order = hub.order
        assert isinstance(order, LogOrder)
        other = await Raw.enter(built.urls[1], TOKEN)
        other.say(type="join", roomId=ROOM, since={"epoch": built.events(0)[0][1], "seq": 2})
        await until(lambda: bool(order._ahead))
        other.drop()
        await until(lambda: not hub.state.connections)
        one.chat(ROOM, "second")
        await built.all_have(2)
        await until(lambda: not order._ahead and not order._patient and len(order.queue) == 0)
        assert (await Raw.enter(built.urls[1], TOKEN, ROOM)).ok


async def test_member_waiting_in_vain_gets_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says it has heard never comes: after some patience the truth is told."""
    monkeypatch.setattr("labkit.wire.cluster.order.PATIENCE_S", 0.3)
    async with house(tmp_path, servers=1) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        one.chat(ROOM, "first")
        await one.hear("chat")
        two = await Raw.enter(built.urls[0], TOKEN)
        two.say(type="join", roomId=ROOM, since={"epoch": built.servers[0].hub.state.rooms.room(ROOM).epoch, "seq": 9})
        joined = await two.hear("joined")
        assert (joined["gap"], joined["seq"]) == (True, 1)


async def test_a_revocation_without_the_broker_travels_when_it_is_back(tmp_path: Path) -> None:
    """Here it holds at once; there as soon as the log brings it, also for a session that only its word was heard of.

    It counts from when it was ordered: a ticket fetched since then opens, also where it is heard of later.
    """
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[1])
        await asyncio.to_thread(built.broker.terminate)
        await until(lambda: not is_up(built, 0) and not is_up(built, 1))
        await revoke(built.urls[0], "ada")
        since = await ticket(built.urls[0], "ada")
        assert (await refused(built.urls[0], ada.ok["resume"]))[0] == 4410
        assert await ada.everything() == []
        await asyncio.to_thread(built.broker.start)
        assert (await ada.ending())[0] == 4410
        await until(lambda: is_up(built, 0) and is_up(built, 1))
        fresh = [await enter_as("ada", built.urls[0]), await Raw.enter(built.urls[1], since)]
        assert [await one.everything() for one in fresh] == [[], []]


@pytest.mark.parametrize("of", [0, 1], ids=["its own", "another server's"])
async def test_revocation_read_again_ends_no_later_session(tmp_path: Path, of: int) -> None:
    """Read again after a rewind, which an audit that failed brings about, and after a restart."""
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[0])
        await revoke(built.urls[of], "ada")
        assert (await ada.ending())[0] == 4410
        await until(lambda: bool(built.servers[0].hub.state.sessions.revoked_at("ada")))
        since = await enter_as("ada", built.urls[0])
        order = built.servers[0].hub.order
        assert isinstance(order, LogOrder)
        order.broker.rewind(0)
        await until(lambda: order.broker.is_up)
        assert await since.everything() == []
        since.drop()
        await built.servers[0].drain()
        again = Server(port=0, broker=broker_at(built.broker.url), key=built.key, audit=tmp_path / "one.db")
        async with again:
            back = await Raw.enter(again.url, since.ok["resume"])
            assert await back.everything() == []
            assert (await refused(again.url, ada.ok["resume"]))[0] == 4410
            back.drop()


async def test_remote_revocation_is_stored_once_the_audit_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log does not bring it a second time to a server that has done it."""
    async with house(tmp_path) as built:
        ada = await enter_as("ada", built.urls[0])
        failing, store, fails = built.servers[0]._audit, Audit._store, [True]

        def refuse(audit: Audit, entries: list[object]) -> AuditError | None:
            return AuditError("the disk is full") if audit is failing and fails[0] else store(audit, entries)  # type: ignore[arg-type]

        monkeypatch.setattr(Audit, "_store", refuse)
        await revoke(built.urls[1], "ada")
        assert (await ada.ending())[0] == 4410
        fails[0] = False
        await until(lambda: any(e.kind == "revoke" for e in built.stored(0)))


async def test_failing_audit_delays_only_its_own_servers_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others hear the event; here it is told once it is stored, in its place, and nothing behind it before."""
    async with house(tmp_path) as built:
        one, two = [await Raw.enter(url, TOKEN, ROOM) for url in built.urls]
        failing = built.servers[0]._audit
        assert failing is not None
        store, fails = Audit._store, [True]

        def refuse(audit: Audit, entries: list[object]) -> AuditError | None:
            return AuditError("the disk is full") if audit is failing and fails[0] else store(audit, entries)  # type: ignore[arg-type]

        monkeypatch.setattr(Audit, "_store", refuse)
        two.chat(ROOM, "a")
        two.chat(ROOM, "b")
        assert [event["text"] for event in await two.hear_many(2, "chat")] == ["a", "b"]
        await asyncio.sleep(0.2)
        fails[0] = False
        assert [(event["seq"], event["text"]) for event in await one.hear_many(2, "chat")] == [(1, "a"), (2, "b")]
        await built.all_have(2)


async def test_a_server_that_starts_again_reads_only_what_it_missed(tmp_path: Path) -> None:
    """Its audit file stands for the log up to there; the seqs go on, and nothing is stored twice."""
    async with house(tmp_path, servers=1) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        for number in range(300):
            one.chat(ROOM, str(number))
        await one.hear_many(300, "chat")
        await built.servers[0].drain()
        server = Server(port=0, broker=broker_at(built.broker.url), key=new_key(), audit=tmp_path / "one.db")
        read: list[int] = []
        async with server:
            broker = server._broker
            assert broker is not None
            read.append(broker._reader._consumed)  # type: ignore[attr-defined]
            two = await Raw.enter(server.url, TOKEN, ROOM)
            two.chat(ROOM, "on")
            assert (await two.hear("chat"))["seq"] == 301
            assert await asyncio.to_thread(lambda: [row[2] for row in built.events(0)]) == list(range(1, 302))
            two.drop()
        assert read == [0]


async def test_recreated_log_has_another_epoch(tmp_path: Path) -> None:
    """A member that comes back is told of a gap; seqs begin at 1."""
    old, new = NatsProcess(tmp_path / "old"), NatsProcess(tmp_path / "new")
    key, audit = new_key(), tmp_path / "one.db"
    old.start()
    new.start()
    try:
        async with Server(port=0, broker=broker_at(old.url), key=key, audit=audit) as server:
            one = await Raw.enter(server.url, TOKEN, ROOM)
            one.chat(ROOM, "old")
            await one.hear("chat")
            epoch = server.hub.state.rooms.room(ROOM).epoch
            one.drop()
        async with Server(port=0, broker=broker_at(new.url), key=key, audit=audit) as server:
            back = await Raw.enter(server.url, one.ok["resume"])
            back.say(type="join", roomId=ROOM, since={"epoch": epoch, "seq": 1})
            joined = await back.hear("joined")
            assert (joined["gap"], joined["seq"]) == (True, 0)
            assert joined["epoch"] != epoch
            back.drop()
    finally:
        old.terminate()
        new.terminate()


async def test_truncated_log_is_refused_without_an_audit_file(tmp_path: Path) -> None:
    """Its seqs would be other servers' seqs; the error says what to do."""
    async with house(tmp_path, servers=1) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        one.chat(ROOM, "x")
        await one.hear("chat")
        broker = built.servers[0]._broker
        assert broker is not None
        await broker._nats.request("$JS.API.STREAM.PURGE.LABKIT_labkit", b"{}")  # type: ignore[attr-defined]
        with pytest.raises(
            LogError, match="the log begins at 2, but this server has read only up to 0; start with a copy of another"
        ):
            async with Server(port=0, broker=broker_at(built.broker.url), key=new_key()):
                pass


@asynccontextmanager
async def skewed(tmp: Path, broker: str, key: str, seconds: float) -> AsyncIterator[str]:
    """A server process whose clock is so many seconds ahead."""
    code = f"import time; real = time.time; time.time = lambda: real() + {seconds}; from labkit.cli import main; main()"
    options = ["serve", "--port", "0", "--broker", broker, "--audit", str(tmp / f"{seconds}.db"), "--quiet"]
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", code, *options], stdout=subprocess.PIPE, env={"CLUSTER_KEY": key, "DEV_TOKEN": TOKEN}
    )
    try:
        assert child.stdout is not None
        yield (await child.stdout.readline()).decode().split()[-1]
    finally:
        child.terminate()
        await child.wait()


async def test_clocks_an_hour_apart_change_no_event(tmp_path: Path) -> None:
    """sentAt and the time within which a repetition is recognised come from the log's clock, on every server."""
    broker, key = NatsProcess(tmp_path / "broker"), "ab" * 32
    broker.start()
    try:
        async with skewed(tmp_path, broker.url, key, -3600) as slow, skewed(tmp_path, broker.url, key, 3600) as fast:
            one, two = await Raw.enter(slow, TOKEN, ROOM), await Raw.enter(fast, TOKEN, ROOM)
            one.chat(ROOM, "from the past", requestId="r1")
            first = await one.hear("chat")
            assert await two.hear("chat") == first
            back = await Raw.enter(fast, one.ok["resume"], ROOM)
            back.chat(ROOM, "from the past", requestId="r1")
            assert await back.hear("chat") == first | {"duplicate": True}
            for raw in (one, two, back):
                raw.drop()
    finally:
        broker.terminate()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("redis://localhost", "a broker address is nats://HOST:PORT"),
        ("localhost:4222", "a broker address is nats://HOST:PORT"),
        ("nats://localhost:4222/a.b", "a broker address is nats://HOST:PORT"),
        ("nats://ada:secret@localhost:4222", "do not put a password in the address"),
    ],
)
def test_an_address_that_is_no_broker_is_refused(url: str, why: str) -> None:
    """The error says what one looks like."""
    with pytest.raises(BadBroker, match=why) as refused:
        broker_at(url)
    assert "secret" not in str(refused.value)


async def test_without_a_broker_a_server_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some patience: the broker may be starting as well."""
    monkeypatch.setattr("labkit.brokers.nats.broker.START_S", 0.5)
    with pytest.raises(LogError, match=r"no broker is running at 127.0.0.1:1 .*; start one: nats-server -js"):
        async with Server(port=0, broker=broker_at("nats://127.0.0.1:1"), key=new_key(), limits=Limits()):
            pass


async def test_what_is_not_ours_in_the_log_is_passed_over(tmp_path: Path) -> None:
    """By every server alike, so that all stay in step."""
    async with house(tmp_path) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        broker = built.servers[0]._broker
        assert broker is not None
        for body in (b"", b"{}", b"[" * 9999, json.dumps({"type": "said", "id": 3}).encode(), b'{"type":"said"}'):
            assert broker.publish("rooms.x", body, "")
        one.chat(ROOM, "well")
        assert (await one.hear("chat"))["seq"] == 1
        await built.all_have(1)
