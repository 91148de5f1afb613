"""The NATS broker. One connection carries the shared log and the broadcasts to all connected servers.

    publish   --> labkit.NAME.log.TOPIC  --> JetStream stream LABKIT_NAME --> reader --> listener.on_log_message
    broadcast --> labkit.NAME.told       --> every server                 --> listener.on_bus_message

A message counts only once the log delivers it, so `publish` does not wait for JetStream's acknowledgement. `publish`
returns False while the broker is unreachable, or until the reader has reached the end of the log.
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
PING_S = 2  # two unanswered pings mean that the connection is lost
MAX_QUEUED = 10_000  # messages not yet sent to the broker
DEDUPE_S = 120  # JetStream drops a message id that repeats within this time


class Listener(Protocol):
    """Receives what the broker delivers. Called on the event loop, one call at a time."""

    def on_log_message(self, message: Message) -> None:
        """Handle the next message of the log."""

    def on_bus_message(self, body: bytes) -> None:
        """Handle a broadcast, from another server or from this one."""

    def on_up(self) -> None:
        """Handle that the log was read to its end: `publish` accepts messages again."""

    def on_down(self) -> None:
        """Handle a lost broker: `publish` accepts no messages until the next `on_up`."""


class NatsBroker:
    """A connection to NATS. Call `open`, then `follow` once, and `close` at the end."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Prepare a connection; `url` has the form that labkit.brokers.broker_at accepts."""
        parts = urlsplit(url)
        name = parts.path.strip("/") or DEFAULT_NAME
        self.epoch = ""
        self.first = 1  # the log's first position
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
        """Connect, create the log if it does not exist, and read its epoch.

        With `waits`, keep trying while the broker starts up. Raises LogError if there is no broker, if it refuses us,
        or if JetStream is not ready after START_S.
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
        raise LogError(f"no broker is running at {self._address} ({fault}); start one: nats-server -js")

    async def follow(self, place: int, listener: Listener) -> None:
        """Read the log from after `place` to its end, then return. Raises LogError if the log starts later."""
        if self.first > place + 1:
            raise LogError(
                f"the log begins at {self.first}, but this server has read only up to {place}; start with a copy of "
                "another server's audit file and key, or with a new log (another NAME in --broker)"
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
            raise LogError(f"the broker at {self._address} does not deliver its log; is JetStream enabled?") from None

    async def close(self) -> None:
        """Send the queued messages, then disconnect."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await self._outgoing.join()
                await self._nats.flush()
        self._is_closing = True  # Python 3.11's wait_for swallows a cancellation when its result is ready
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._nats.close()

    def publish(self, topic: str, body: bytes, message_id: str) -> bool:
        """Append a message to the log. Return False if the log is unavailable right now.

        True is no guarantee: the message counts only once `on_log_message` delivers it.
        """
        return self.is_up and self._send(self._log_prefix + topic, body, message_id)

    def broadcast(self, body: bytes) -> None:
        """Send a message to every connected server, including this one."""
        self._send(self._bus_subject, body, "")

    def rewind(self, place: int) -> None:
        """Read the log again from after `place`, because a later message could not be stored."""
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
        """Raise OSError if nothing is listening there. nats-py alone would retry forever and never give the cause."""
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
        """Return the log's epoch and its first and last positions. Create the log if it does not exist."""
        try:
            found = await ask(self._nats, f"STREAM.INFO.{self._stream}")
        except Refused as refused:
            if refused.code != NO_SUCH_STREAM:
                raise
            found = await ask(self._nats, f"STREAM.CREATE.{self._stream}", self._config())
        epoch = hashlib.sha256(str(found["created"]).encode()).hexdigest()[:12]
        return epoch, max(1, int(found["state"]["first_seq"])), int(found["state"]["last_seq"])

    def _config(self) -> dict[str, Any]:
        """Return the configuration of a log that never drops a message, because seqs count from its start."""
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
        """Restart the reader whenever it stops, and report when the log becomes available or unavailable."""
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
            raise LogError("the broker's log was replaced since this server read it; restart this server")
        await self._reader.start()

    async def _disconnected(self) -> None:
        """Drop the consumer, because the broker may have forgotten it."""
        if self._listener is not None:
            self._reader.drop()
        self._set_up(False)

    def _set_up(self, is_up: bool) -> None:
        if is_up != self.is_up and self._listener is not None:
            self.is_up = is_up
            _LOGGER.info("broker up" if is_up else "broker down")
            self._listener.on_up() if is_up else self._listener.on_down()

    async def _pump(self) -> None:
        """Write the queued messages. Nothing else writes. A message that cannot be sent is dropped."""
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
    """Log an error that nats-py would otherwise print."""
    _LOGGER.debug("nats", extra={"fault": str(error) or type(error).__name__})


def _fault_text(error: Exception) -> str:
    """Return the cause of an error, without the long list that asyncio makes when several addresses fail."""
    text = str(error) or type(error).__name__
    return REFUSED if f"[Errno {errno.ECONNREFUSED}]" in text else text
