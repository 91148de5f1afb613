"""`Simulated`: try out a handler without a network and without waiting, with as many clients as you like.

    server = Simulated(handler)
    server.connect("ana")
    server.send("ana", {"type": "auth", "token": "dev-token"})      # {'ana': [{'type': 'auth_ok', ...}]}
    server.wait(60)                                                 # {}

The connections are those of `websockets`; the bytes between them and their clients take no time, and a clock of its
own takes the place of waiting. Each act lasts ACT_S on that clock, and returns what arrived at each client meanwhile.
"""

import asyncio
import inspect
import json
import logging
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidState
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN, Protocol, Side
from websockets.server import ServerProtocol

ACT_S = 0.125
BUSY_TURNS = 1000  # of the loop without a pause; after that, time passes even so
BUSY_S = 0.001
Arrived = dict[str, list[Any]]
OnError = Callable[[BaseException], None]
_QUIET = logging.Logger("simulated", logging.CRITICAL)
_DATA = {Opcode.TEXT: bytes.decode, Opcode.BINARY: bytes}


class NotAwaitable(TypeError):
    """A handler is a plain function instead of an `async def`."""


class _Loop(asyncio.BaseEventLoop):
    """An event loop with a clock of its own, which jumps to the next timer. It opens no file and no socket."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self  # of BaseEventLoop, which asks it how long to wait
        self._now = self._until = 0.0
        self._busy = 0

    def time(self) -> float:
        """Return the seconds on this clock."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Run what is ready, and all that becomes ready within that time."""
        self._until, self._busy = self._now + seconds, 0
        self.run_forever()

    def select(self, timeout: float | None) -> list[Any]:
        """Let this time pass, or what is left of it; None: nothing waits for a time."""
        self._busy = self._busy + 1 if timeout == 0 else 0
        passing = BUSY_S if self._busy > BUSY_TURNS else timeout
        if passing is None or self._now + passing > self._until:
            self._now = self._until
            self.stop()
        else:
            self._now += passing
        return []

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Call it at once: a thread would need time that does not pass here."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def __del__(self) -> None:
        """It has nothing to close, and what still waits in it may be dropped."""

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no events."""

    def _write_to_self(self) -> None:
        """Nothing needs to be woken up."""


class _Client(asyncio.Transport):
    """A client, and the transport of the server's connection to it."""

    def __init__(self, loop: _Loop, port: int, deliver: Callable[[Any], None]) -> None:
        super().__init__({"peername": ("127.0.0.1", port), "sockname": ("127.0.0.1", 8765)})
        self._loop = loop
        self._deliver = deliver
        self._protocol = Protocol(Side.CLIENT, state=OPEN, logger=_QUIET)
        self._incoming: list[bytes] = []  # while the server does not read
        self._is_paused = self._is_lost = self._is_ending = False
        self.connection: ServerConnection

    def send(self, message: Any) -> None:
        """Send a message, if the connection is open: a dict as JSON, a text, or bytes."""
        text = json.dumps(message) if isinstance(message, dict) else message
        with suppress(InvalidState):
            if isinstance(text, bytes):
                self._protocol.send_binary(text)
            else:
                self._protocol.send_text(text.encode())
            self._flush()

    def end(self) -> None:
        """Begin the closing handshake, if the connection is open."""
        self._is_ending = True
        with suppress(InvalidState):
            self._protocol.send_close(1000)
            self._flush()

    def vanish(self) -> None:
        """Break the connection, without a close frame."""
        self._is_ending = True
        self._lose(ConnectionResetError("the client has vanished"))

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if not data:
                self._lose(None)
            elif self._is_paused:
                self._incoming.append(data)
            elif not self._is_lost:
                self.connection.data_received(data)

    def _lose(self, error: Exception | None) -> None:
        if not self._is_lost:
            self._is_lost = True
            if error is None and not self._is_paused:
                self.connection.eof_received()
            self._loop.call_soon(self.connection.connection_lost, error)

    # The transport of the server's connection

    def write(self, data: Any) -> None:
        """Let the client receive this."""
        if self._is_lost:
            return
        self._protocol.receive_data(bytes(data))
        for event in self._protocol.events_received():
            self._take(event)
        self._loop.call_soon(self._flush)

    def _take(self, frame: Any) -> None:
        if not isinstance(frame, Frame) or self._is_ending:
            return
        if frame.opcode in _DATA:
            self._deliver(_read(_DATA[frame.opcode](bytes(frame.data))))
        elif frame.opcode is Opcode.CLOSE:
            closed = Close.parse(frame.data)
            self._deliver(f"close {closed.code:d} {closed.reason}".rstrip())
            self._is_ending = True

    def write_eof(self) -> None:
        """Let the client see the end."""
        if not self._is_lost:
            self._protocol.receive_eof()
            self._loop.call_soon(self._flush)

    def can_write_eof(self) -> bool:
        """An end can be sent before all has been received."""
        return True

    def close(self) -> None:
        """End the connection."""
        self.abort()

    def abort(self) -> None:
        """End the connection."""
        if not self._is_ending:
            self._is_ending = True
            self._deliver("close 1006")
        self._lose(None)

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return self._is_lost

    def pause_reading(self) -> None:
        """Keep what the client sends."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Deliver what the client has sent meanwhile."""
        self._is_paused = False
        while self._incoming and not self._is_paused and not self._is_lost:
            self.connection.data_received(self._incoming.pop(0))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """A client takes all at once."""

    def get_write_buffer_size(self) -> int:
        """Return 0: a client takes all at once."""
        return 0


def _read(data: Any) -> Any:
    """Return a message in the form in which it is compared: JSON as its value, anything else as it came."""
    try:
        return json.loads(data) if isinstance(data, str) else data
    except ValueError:
        return data


class Simulated:
    """A server with this handler. `on_error` gets each error that the handler raises, which closes with 1011."""

    def __init__(self, handler: Any, on_error: OnError = lambda error: None) -> None:
        self._handler = handler
        self._on_error = on_error
        self._loop = _Loop()
        self._loop.set_exception_handler(lambda _, context: self._seen(context.get("exception")))
        self._clients: dict[str, _Client] = {}
        self._arrived: Arrived = defaultdict(list)
        self._fatal: BaseException | None = None
        self._server: Server

    def connect(self, client: str) -> Arrived:
        """Let a client connect. It may have any name."""
        return self._act(("connect", client))

    def send(self, client: str, *messages: Any) -> Arrived:
        """Let a client send messages, all in one packet: dicts, which become JSON, texts or bytes."""
        return self._act(("send", client, *messages))

    def close(self, client: str) -> Arrived:
        """Let a client close its connection."""
        return self._act(("close", client))

    def vanish(self, client: str) -> Arrived:
        """Break the connection of a client, without a close frame."""
        return self._act(("vanish", client))

    def at_once(self, *acts: tuple[Any, ...]) -> Arrived:
        """Let several things happen at the same instant: `at_once(("send", "ana", {...}), ("vanish", "ben"))`."""
        return self._act(*acts)

    def wait(self, seconds: float) -> Arrived:
        """Let time pass."""
        return self._passed(seconds)

    def end(self) -> None:
        """Break all connections, and end what still runs."""
        self._on_error = lambda error: None
        with suppress(Exception):
            self._act(*(("vanish", client) for client in self._clients))
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._passed(ACT_S)

    def _act(self, *acts: tuple[Any, ...]) -> Arrived:
        self._loop.call_soon(self._do, acts)
        return self._passed(ACT_S)

    def _do(self, acts: tuple[tuple[Any, ...], ...]) -> None:
        try:
            for name, client, *more in acts:
                if name != "connect" and client not in self._clients:
                    raise ValueError(f"{client!r} is not connected; let it connect first")
                getattr(self, f"_{name}")(client, *more)
        except Exception as error:
            self._fatal = error
            self._loop.stop()

    def _passed(self, seconds: float) -> Arrived:
        """Run the loop for this time, in a thread if this one already has a loop, as in a notebook."""
        if asyncio._get_running_loop() is None:
            self._loop.advance(seconds)
        else:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self._loop.advance, seconds).result()
        if (fatal := self._fatal) is not None:
            self._fatal = None
            raise fatal
        arrived, self._arrived = dict(self._arrived), defaultdict(list)
        return arrived

    def _connect(self, name: str) -> None:
        if not self._clients:
            self._server = Server(None, self._serve, _QUIET)  # type: ignore[arg-type]
        client = _Client(self._loop, 50_000 + len(self._clients), lambda what: self._arrived[name].append(what))
        connection = ServerConnection(ServerProtocol(state=OPEN, logger=_QUIET), self._server, ping_interval=None)
        connection.request = Request("/", Headers(Host="127.0.0.1:8765"))
        client.connection, self._clients[name] = connection, client
        connection.connection_made(client)

    def _send(self, name: str, *messages: Any) -> None:
        for message in messages:
            self._clients[name].send(message)

    def _close(self, name: str) -> None:
        self._clients[name].end()

    def _vanish(self, name: str) -> None:
        self._clients[name].vanish()

    async def _serve(self, connection: ServerConnection) -> None:
        """Serve one connection, as `websockets` does."""
        self._server.all_connections.add(connection)
        try:
            given = self._handler(connection)
            if not inspect.isawaitable(given):
                raise NotAwaitable(f"{getattr(self._handler, '__name__', 'the handler')} is no `async def`")
            await given
        except GeneratorExit:
            raise
        except BaseException as error:
            self._seen(error)
            await connection.close(1011)
        else:
            await connection.close()
        finally:
            self._server.all_connections.discard(connection)

    def _seen(self, error: BaseException | None) -> None:
        if isinstance(error, NotAwaitable) or not isinstance(error, Exception | asyncio.CancelledError | None):
            self._fatal = error
            self._loop.stop()
        elif isinstance(error, Exception) and not isinstance(error, ConnectionClosed):
            self._on_error(error)
