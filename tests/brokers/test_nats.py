"""The NATS broker by itself: one order, each message once, a place to go on from, and what happens when it cannot."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from labkit.bench.launch.nats_process import NatsProcess
from labkit.brokers import LogError, broker_at
from labkit.brokers.nats import broker as module
from labkit.brokers.nats.broker import NatsBroker
from labkit.brokers.nats.reader import Message
from labkit.brokers.nats.whole_log import whole_log
from tests.wire.raw import until


class Heard:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.words: list[bytes] = []
        self.states: list[str] = []

    def on_log_message(self, message: Message) -> None:
        self.messages.append(message)

    def on_bus_message(self, body: bytes) -> None:
        self.words.append(body)

    def on_up(self) -> None:
        self.states.append("up")

    def on_down(self) -> None:
        self.states.append("down")

    @property
    def bodies(self) -> list[str]:
        return [message.body.decode() for message in self.messages]


class WithoutJetStream(NatsProcess):
    """A NATS server that stores nothing."""

    def command(self, port: int) -> list[str]:
        return [part for part in super().command(port) if part != "-js"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    process = NatsProcess(tmp_path / "nats")
    process.start()
    yield process
    process.terminate()


@asynccontextmanager
async def following(url: str, place: int = 0) -> AsyncIterator[tuple[NatsBroker, Heard]]:
    broker, heard = broker_at(url), Heard()
    try:
        await broker.open()
        await broker.follow(place, heard)
        yield broker, heard
    finally:
        await broker.close()


async def test_every_reader_reads_every_message_once_in_one_order(server: NatsProcess) -> None:
    """Places count from 1; the topic comes back as it was given."""
    async with following(server.url) as (one, first), following(server.url) as (two, second):
        for number in range(200):
            assert (one, two)[number % 2].publish(f"rooms.room:{number % 3}", str(number).encode(), str(number))
        await until(lambda: len(first.messages) == len(second.messages) == 200)
        assert first.messages == second.messages
        assert [message.place for message in first.messages] == list(range(1, 201))
        assert sorted(map(int, first.bodies)) == list(range(200))
        assert {message.topic for message in first.messages} == {"rooms.room:0", "rooms.room:1", "rooms.room:2"}


async def test_reading_goes_on_behind_a_place(server: NatsProcess) -> None:
    """`follow` returns when all that was there is read."""
    async with following(server.url) as (broker, heard):
        for number in range(10):
            broker.publish("x", str(number).encode(), str(number))
        await until(lambda: len(heard.messages) == 10)
    async with following(server.url, place=7) as (_, later):
        assert later.bodies == ["7", "8", "9"]


async def test_a_message_id_counts_once(server: NatsProcess) -> None:
    """JetStream drops the second one."""
    async with following(server.url) as (broker, heard):
        for body in (b"first", b"again", b"other"):
            broker.publish("x", body, "other" if body == b"other" else "id")
        await until(lambda: "other" in heard.bodies)
        assert heard.bodies == ["first", "other"]


async def test_after_a_rewind_the_same_messages_come_again(server: NatsProcess) -> None:
    """And none of the old reading in between."""
    async with following(server.url) as (broker, heard):
        for number in range(5):
            broker.publish("x", str(number).encode(), str(number))
        await until(lambda: len(heard.messages) == 5)
        broker.rewind(2)
        assert not broker.is_up and not broker.publish("x", b"?", "?")
        await until(lambda: broker.is_up)
        assert heard.bodies == ["0", "1", "2", "3", "4", "2", "3", "4"]
        assert heard.states == ["up", "down", "up"]


async def test_broadcast_reaches_connected_listeners_and_is_not_stored(server: NatsProcess) -> None:
    """It is not in the log."""
    async with following(server.url) as (one, first):
        async with following(server.url) as (_, second):
            one.broadcast(b"hello")
            await until(lambda: first.words == second.words == [b"hello"])
        assert first.messages == []
    assert (await whole_log(broker_at(server.url)))[1] == []


async def test_two_names_are_two_logs(server: NatsProcess) -> None:
    """Nothing of one is read in the other."""
    async with following(f"{server.url}/one") as (one, first), following(f"{server.url}/two") as (two, second):
        one.publish("x", b"1", "1")
        two.publish("x", b"2", "2")
        await until(lambda: len(first.messages) == len(second.messages) == 1)
        assert (first.bodies, second.bodies) == (["1"], ["2"])
        assert one.epoch != two.epoch


async def test_a_long_log_is_read_whole(server: NatsProcess) -> None:
    """More than the broker would send without being told that we keep up."""
    async with following(server.url) as (broker, heard):
        for number in range(6_000):
            while not broker.publish("x", b"x" * 2_000, str(number)):
                await asyncio.sleep(0.01)
        await until(lambda: len(heard.messages) == 6_000)
    epoch, messages = await whole_log(broker_at(server.url))
    assert [message.place for message in messages] == list(range(1, 6_001))
    assert epoch == broker.epoch


async def test_the_log_and_its_epoch_survive_kill_9(server: NatsProcess) -> None:
    """What any reader has read is there again; nothing is read twice, nothing in between."""
    async with following(server.url) as (broker, heard):
        broker.publish("x", b"before", "1")
        await until(lambda: len(heard.messages) == 1)
        await asyncio.to_thread(server.kill)
        await until(lambda: not broker.is_up)
        assert not broker.publish("x", b"while", "2")
        await asyncio.to_thread(server.start)
        await until(lambda: broker.is_up)
        broker.publish("x", b"after", "3")
        await until(lambda: len(heard.messages) == 2)
        assert heard.bodies == ["before", "after"]
        assert (await whole_log(broker_at(server.url)))[0] == broker.epoch


async def test_too_much_at_once_is_refused_and_not_kept(server: NatsProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is bounded; full is a returned value."""
    monkeypatch.setattr(module, "MAX_QUEUED", 10)
    async with following(server.url) as (broker, heard):
        taken = [broker.publish("x", b"x", str(number)) for number in range(30)]
        assert taken == [True] * 10 + [False] * 20
        await until(lambda: len(heard.messages) == 10)


async def test_closing_ends_though_an_answer_swallows_the_cancellation(
    server: NatsProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `asyncio.wait_for` of Python 3.11 does, within nats-py, when the answer comes in that very moment."""
    asked = asyncio.Event()

    async def ask(*_: object) -> dict[str, object]:
        asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        raise TimeoutError

    broker = broker_at(server.url)
    await broker.open()
    await broker.follow(0, Heard())
    monkeypatch.setattr(module, "ask", ask)
    broker.rewind(0)
    await asked.wait()
    await asyncio.wait_for(broker.close(), 5)


async def test_a_broker_that_asks_for_a_token_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the error names no secret."""
    monkeypatch.setattr(module, "START_S", 1.0)
    process = NatsProcess(tmp_path / "nats", options=["--auth", "a-broker-secret"])
    process.start()
    try:
        broker = broker_at(process.url, "a-broker-secret")
        await broker.open()
        await broker.close()
        with pytest.raises(LogError, match="no broker is running at ") as refused:
            await broker_at(process.url, "wrong-secret").open()
        assert "secret" not in str(refused.value)
    finally:
        process.terminate()


@pytest.mark.parametrize("last", ["opens", "refuses"])
async def test_a_jetstream_that_is_starting_is_waited_for(tmp_path: Path, last: str) -> None:
    """It has not said that there is no log, so none is made; what it refuses for good is an error at once.

    A real server without JetStream, and we answer in its place as one does that is not ready.
    """
    process = WithoutJetStream(tmp_path / "nats")
    process.start()
    jetstream, asked = Client(), list[str]()
    not_yet = {"error": {"code": 503, "err_code": 10008, "description": "JetStream system temporarily unavailable"}}
    never = {"error": {"code": 500, "err_code": 10047, "description": "insufficient storage resources available"}}
    found = {"created": "today", "state": {"first_seq": 1, "last_seq": 0}}

    async def answer(message: Msg) -> None:
        asked.append(message.subject)
        answers = [not_yet, not_yet, found if last == "opens" else never]
        await jetstream.publish(message.reply, json.dumps(answers[len(asked) - 1]).encode())

    try:
        await jetstream.connect(process.url)
        await jetstream.subscribe("$JS.API.>", cb=answer)
        await jetstream.flush()
        broker = broker_at(process.url)
        if last == "opens":
            await broker.open()
        else:
            with pytest.raises(LogError, match="insufficient storage"):
                await broker.open()
        await broker.close()
        assert asked == ["$JS.API.STREAM.INFO.LABKIT_labkit"] * 3
    finally:
        await jetstream.close()
        process.terminate()
