"""The broker: one connection to NATS, the log that every server reads, and a word to all who listen just now.

    publish --> labkit.NAME.log.TOPIC  --> JetStream stream LABKIT_NAME --> reader --> listener.on_log_message
    tell    --> labkit.NAME.told       --> every other server           --> listener.told

What is published counts when it comes back out of the log, and not before: so the answer of JetStream is not waited
for. While the broker is away, or our reader is not at the log's end, `publish` says False. Taught in notebook 10.
"""

import asyncio
import contextlib
import errno
import hashlib
import logging
from typing import Any, Protocol
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from labkit.brokers import LogError
from labkit.brokers.nats.reader import NO_SUCH_STREAM, UNAVAILABLE, Message, Reader, Refused, ask

_LOGGER = logging.getLogger(__name__)

DEFAULT_NAME = "labkit"
DEFAULT_PORT = 4222
START_S = 20.0
BRIEF_S = 1.0
REFUSED = "connection refused"
CHECK_S = 0.25
RETRY_S = 0.25
PING_S = 2  # after two that nobody answers, the connection is given up
MAX_QUEUED = 10_000  # messages that are on their way to the broker
DEDUPE_S = 120  # JetStream takes a message id once within it


class Listener(Protocol):
    """Who is told what the broker brings. Called on the event loop, one at a time."""

    def on_log_message(self, message: Message) -> None:
        """The next message of the log."""

    def on_bus_message(self, body: bytes) -> None:
        """A word from another server, or from ourselves."""

    def on_up(self) -> None:
        """The log is read up to its end, and `publish` takes messages."""

    def on_down(self) -> None:
        """It does not, for now."""


class NatsBroker:
    """A broker. `open`, then `follow` once; at the end `close`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """`url` as for labkit.brokers.broker_at."""
        parts = urlsplit(url)
        name = parts.path.strip("/") or DEFAULT_NAME
        self.epoch = ""
        self.first = 1  # the place at which the log begins
        self.is_up = False
        self._token = token
        self._server = parts._replace(path="").geturl()
        self._address = f"{parts.hostname}:{parts.port or DEFAULT_PORT}"
        self._stream = f"LABKIT_{name}"
        self._log_prefix = f"labkit.{name}.log."
        self._bus_subject = f"labkit.{name}.told"
        self._nats = Client()
        self._listener: Listener | None = None
        self._outgoing: asyncio.Queue[tuple[str, bytes, str]] = asyncio.Queue(MAX_QUEUED)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closing = False

    async def open(self, *, waits: bool = True) -> None:
        """Connect, make the log when there is none, and learn its epoch. `waits` for a broker that is not up yet.

        Raises LogError: when it refuses, when its JetStream is not up after START_S, and when there is no broker.
        """
        fault, ends = "no answer", asyncio.get_running_loop().time() + START_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_S if waits else BRIEF_S) as patience:
                while True:
                    try:
                        await self._check_reachable()
                        await self._connect()
                        patience.reschedule(ends)
                        self.epoch, self.first, _ = await self._log_info()
                        return
                    except (OSError, Error, TimeoutError, Refused) as error:
                        if isinstance(error, Refused) and error.status != UNAVAILABLE:
                            raise
                        fault = _fault_text(error)
                        if fault == REFUSED and not waits:
                            break
                        await asyncio.sleep(RETRY_S)
        raise LogError(f"there is no broker at {self._address} ({fault}); start one: nats-server -js")

    async def follow(self, place: int, listener: Listener) -> None:
        """Read the log from behind a place; returns at its end. Raises LogError for a log that begins later."""
        if self.first > place + 1:
            raise LogError(
                f"the log begins at {self.first}, and we have read {place}: start with a copy of another server's "
                "audit file and key, or with a new log (another NAME in --broker)"
            )
        self._listener = listener
        self._reader = Reader(self._nats, self._stream, self._log_prefix, listener.on_log_message)
        await self._nats.subscribe(self._bus_subject, cb=self._on_bus_message)
        self._reader.place = place
        self._tasks = [asyncio.create_task(part) for part in (self._keep_reading(), self._pump())]
        try:
            async with asyncio.timeout(START_S):
                while not self.is_up:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise LogError(f"the broker at {self._address} does not give us its log; is JetStream on?") from None

    async def close(self) -> None:
        """Send what is on its way, and go."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await self._outgoing.join()
                await self._nats.flush()
        self._is_closing = True  # a cancellation alone is swallowed by wait_for of Python 3.11 when its answer is there
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._nats.close()

    def publish(self, topic: str, body: bytes, message_id: str) -> bool:
        """Add to the log; False when it cannot be now. True is no promise: it counts when `read` brings it."""
        return self.is_up and self._send(self._log_prefix + topic, body, message_id)

    def broadcast(self, body: bytes) -> None:
        """Say something to every server that listens just now."""
        self._send(self._bus_subject, body, "")

    def rewind(self, place: int) -> None:
        """Read again from behind a place: what came after it could not be kept."""
        self._reader.drop(place)
        self._set_up(False)

    # Inside

    def _send(self, subject: str, body: bytes, message_id: str) -> bool:
        try:
            self._outgoing.put_nowait((subject, body, message_id))
        except asyncio.QueueFull:
            return False
        return True

    async def _check_reachable(self) -> None:
        """Raises OSError where nobody listens: the library would try again for ever, and not say why."""
        parts = urlsplit(self._server)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or DEFAULT_PORT)
        writer.close()

    async def _connect(self) -> None:
        if self._nats.is_connected:
            return
        self._nats = Client()
        await self._nats.connect(
            self._server,
            connect_timeout=2,
            reconnect_time_wait=0.2,  # type: ignore[arg-type]
            max_reconnect_attempts=-1,
            ping_interval=PING_S,
            max_outstanding_pings=2,
            error_cb=_note,
            disconnected_cb=self._disconnected,
            name="labkit",
            token=self._token,
        )

    async def _log_info(self) -> tuple[str, int, int]:
        """The log's epoch, its first place and its last; it is made when there is none."""
        try:
            found = await ask(self._nats, f"STREAM.INFO.{self._stream}")
        except Refused as refused:
            if refused.code != NO_SUCH_STREAM:
                raise
            found = await ask(self._nats, f"STREAM.CREATE.{self._stream}", self._config())
        epoch = hashlib.sha256(str(found["created"]).encode()).hexdigest()[:12]
        return epoch, max(1, int(found["state"]["first_seq"])), int(found["state"]["last_seq"])

    def _config(self) -> dict[str, Any]:
        """Nothing is ever dropped: a full log refuses, and says so, and the seqs are counted from its beginning."""
        return {
            "name": self._stream,
            "subjects": [f"{self._log_prefix}>"],
            "retention": "limits",
            "discard": "new",
            "storage": "file",
            "max_msgs": -1,
            "max_bytes": -1,
            "max_age": 0,
            "num_replicas": 1,
            "duplicate_window": round(DEDUPE_S * 1e9),
        }

    async def _keep_reading(self) -> None:
        """Keep the reader reading, and say when we are up and when down."""
        while not self._is_closing:
            try:
                if not self._reader.is_reading:
                    self._set_up(False)
                    await self._resume_reading()
                if self._nats.is_connected and self._reader.pending == 0:
                    self._set_up(True)
            except LogError as error:
                _LOGGER.error("the log cannot be read", extra={"fault": str(error)})
            except (OSError, Error, TimeoutError):
                pass
            await asyncio.sleep(CHECK_S)

    async def _resume_reading(self) -> None:
        epoch, _, last = await self._log_info()
        if epoch != self.epoch or last < self._reader.place:
            raise LogError("the broker has another log than the one we have told from; restart this server")
        await self._reader.start()

    async def _disconnected(self) -> None:
        """Whatever consumer we had, the broker may have forgotten it."""
        if self._listener is not None:
            self._reader.drop()
        self._set_up(False)

    def _set_up(self, is_up: bool) -> None:
        if is_up != self.is_up and self._listener is not None:
            self.is_up = is_up
            _LOGGER.info("broker up" if is_up else "broker down")
            self._listener.on_up() if is_up else self._listener.on_down()

    async def _pump(self) -> None:
        """The only writer. What cannot be sent is forgotten: who published it waits for the log alone."""
        while not self._is_closing:
            subject, body, message_id = await self._outgoing.get()
            headers = {"Nats-Msg-Id": message_id} if message_id else None
            with contextlib.suppress(Error, OSError):
                if self._nats.is_connected:
                    await self._nats.publish(subject, body, headers=headers)
            self._outgoing.task_done()

    async def _on_bus_message(self, message: Msg) -> None:
        if self._listener is not None:
            self._listener.on_bus_message(message.data)


async def _note(error: Exception) -> None:
    """nats-py would print it."""
    _LOGGER.debug("nats", extra={"fault": str(error) or type(error).__name__})


def _fault_text(error: Exception) -> str:
    """asyncio packs the refusals of several addresses into one text."""
    text = str(error) or type(error).__name__
    return REFUSED if f"[Errno {errno.ECONNREFUSED}]" in text else text
