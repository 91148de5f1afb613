"""A WebSocket client by hand, and servers to point it at.

The client can say what no library would: bytes without a mask, half a frame, two requests in one packet. It shares no
code with the server, so a mistake would have to be made twice to pass.
"""

import asyncio
import base64
import functools
import json
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, ParamSpec, Self

from labkit.commands.running import run as on_loop
from labkit.platform.processes import rss_kb
from labkit.review.frames import CLOSE, PING, PONG, TEXT, close_payload, frame, read_close
from labkit.rules.limits import Limits
from labkit.wire.server import Server

PATIENCE_S = 20.0  # for what must come; nothing is measured with it
TOKEN = "dev-token"
# The long runs have everything on the plain path, and on the other event loop, too.
FAST_PATH = os.environ.get("LABKIT_TESTS_FAST_PATH", "on") == "on"
LOOP = os.environ.get("LABKIT_TESTS_LOOP")  # None: the usual one
QUICK = {"auth_timeout_s": 1.0, "close_deadline_s": 0.3, "fast_path": FAST_PATH}
P = ParamSpec("P")
Said = dict[str, Any]


class Ended(Exception):
    """The connection ended; 1006 without a close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


def on_a_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """An async test, on a loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def bounded() -> None:
            Raw.made.clear()
            async with asyncio.timeout(100):
                await test(*args, **kwargs)

        on_loop(bounded(), LOOP or "asyncio")

    return run


def text(message: Mapping[str, Any] | str | bytes) -> bytes:
    """A text frame with a message, or with whatever bytes are given."""
    body = message if isinstance(message, bytes) else (message if isinstance(message, str) else json.dumps(message))
    return frame(TEXT, body if isinstance(body, bytes) else body.encode())


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return frame(CLOSE, close_payload(code, reason))


def upgrade(**headers: str) -> bytes:
    """A handshake; keywords add or replace headers, with `_` for `-`."""
    lines = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return request("GET", "/", lines)


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """An HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Answer(NamedTuple):
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def port_of(url: str) -> int:
    """The port in ws://HOST:PORT."""
    return int(url.rpartition(":")[2])


class Raw:
    """One TCP connection to a server."""

    made: ClassVar["list[Raw]"] = []  # kept until their server ends, as a forgotten stream closes itself

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made.append(self)
        self.reader, self.writer = reader, writer
        self.answers_pings = True
        self.answers_close = True
        self.pings: list[float] = []  # when, by the loop's clock
        self.windows: list[int] = []  # told by `reconnect`, which may come at any time

    @classmethod
    async def dial(cls, url: str, host: str = "127.0.0.1", **options: Any) -> Self:
        """Connect, and say nothing."""
        return cls(*await asyncio.open_connection(host, port_of(url), **options))

    @classmethod
    async def open(cls, url: str, *, options: Mapping[str, Any] | None = None, **headers: str) -> Self:
        """Connect and do the handshake, which must succeed."""
        raw = await cls.dial(url, **(options or {}))
        raw.send(upgrade(**headers))
        answer = await raw.head()
        assert answer.status == 101, answer
        return raw

    @classmethod
    async def enter(
        cls, url: str, token: str = TOKEN, *rooms: str, previous: str | None = None, **headers: str
    ) -> Self:
        """Connect, authenticate and join rooms; `ok` is the auth_ok."""
        raw = await cls.open(url, **headers)
        raw.say(type="auth", token=token, **({} if previous is None else {"previous": previous}))
        raw.ok = await raw.hear("auth_ok")
        for room in rooms:
            raw.say(type="join", roomId=room)
            await raw.hear("joined")
        return raw

    ok: Said

    # Saying

    def send(self, data: bytes) -> None:
        """Send bytes, whatever they are."""
        self.writer.write(data)

    def say(self, **message: Any) -> None:
        """Send a message."""
        self.send(text(message))

    def chat(self, room: str, words: str, **more: Any) -> None:
        """Send a chat."""
        self.say(type="chat", roomId=room, text=words, **more)

    # Hearing

    async def head(self) -> Answer:
        """The head of an HTTP answer."""
        async with asyncio.timeout(PATIENCE_S):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answer(int(first.split()[1]), headers, b"")

    async def http(self) -> Answer:
        """A whole HTTP answer: until the server ends the connection."""
        answer = await self.head()
        async with asyncio.timeout(PATIENCE_S):
            return answer._replace(body=await self.reader.read())

    async def frame(self) -> tuple[int, bytes]:
        """The next frame. Raises Ended when there is none."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                first, second = await self.reader.readexactly(2)
                size = second & 0x7F
                if size == 126:
                    size = struct.unpack("!H", await self.reader.readexactly(2))[0]
                elif size == 127:
                    size = struct.unpack("!Q", await self.reader.readexactly(8))[0]
                payload = await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Ended(1006, "") from None
        assert first & 0x70 == 0, "a reserved bit is set"
        assert second & 0x80 == 0, "a server never masks"
        return first & 0x0F, payload

    async def hear(self, kind: str | None = None) -> Said:
        """The next message, or the next one of a type. Raises Ended."""
        while True:
            opcode, payload = await self.frame()
            if opcode == PING:
                self.pings.append(asyncio.get_running_loop().time())
                if self.answers_pings:
                    self.send(frame(PONG, payload))
            elif opcode == CLOSE:
                if self.answers_close:
                    self.send(frame(CLOSE, payload))
                    self.writer.close()
                raise Ended(*read_close(payload))
            elif opcode == TEXT:
                said = json.loads(payload)
                if said["type"] == "reconnect":
                    self.windows.append(said["windowMs"])
                elif kind in (None, said["type"]):
                    return said  # type: ignore[no-any-return]

    async def hear_many(self, count: int, kind: str | None = None) -> list[Said]:
        """So many messages."""
        return [await self.hear(kind) for _ in range(count)]

    async def everything(self) -> list[Said]:
        """What was said to us before now: all up to the answer to a ping of ours."""
        self.say(type="ping")
        heard: list[Said] = []
        while True:
            said = await self.hear()
            if said["type"] == "pong":
                return heard
            heard.append(said)

    async def ending(self) -> tuple[int, str]:
        """How it ends: code and reason. What is still said is dropped."""
        try:
            while True:
                await self.hear()
        except Ended as ended:
            return ended.code, ended.reason

    async def gone(self) -> None:
        """Wait until the server has ended the TCP connection."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass

    def drop(self) -> None:
        """End it without a word."""
        self.writer.transport.abort()

    def reset(self) -> None:
        """End it with an RST, as a process that was killed with unread bytes does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.drop()


async def ask(url: str, data: bytes, host: str = "127.0.0.1") -> Answer:
    """Send bytes on a connection of their own; the HTTP answer."""
    raw = await Raw.dial(url, host)
    raw.send(data)
    try:
        return await raw.http()
    finally:
        raw.drop()


async def pair(url: str) -> None:
    """Two members of a room hear each other: the server is well."""
    ann, bob = await Raw.enter(url, TOKEN, "pair"), await Raw.enter(url, TOKEN, "pair")
    ann.chat("pair", "well?")
    bob.chat("pair", "well.")
    for one in (ann, bob):
        assert {said["text"] for said in await one.hear_many(2, "chat")} == {"well?", "well."}
        one.drop()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.005)


def drop_all() -> None:
    """End every connection that was made here."""
    for raw in Raw.made:
        raw.drop()
    Raw.made.clear()


# Servers


@asynccontextmanager
async def serving(*, limits: Mapping[str, Any] | None = None, **options: Any) -> AsyncIterator[Server]:
    """A server on this loop, with short deadlines; its clients end before it does."""
    async with Server(port=0, limits=Limits().set({**QUICK, **(limits or {})}), **options) as server:
        try:
            yield server
        finally:
            drop_all()


class Process(NamedTuple):
    """`labkit serve` as a process."""

    child: asyncio.subprocess.Process
    url: str
    log: Path

    def rss_kb(self) -> float:
        """Its memory, in KiB."""
        return rss_kb(self.child.pid)

    async def end(self, number: int) -> int:
        """Send a signal; its exit code."""
        self.child.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await self.child.wait()


def command(*arguments: str) -> list[str]:
    """`labkit serve` with arguments."""
    path = [] if FAST_PATH else ["--set", "fast_path=off"]
    loop = ["--loop", LOOP] if LOOP and "--loop" not in arguments else []
    return [sys.executable, "-m", "labkit", "serve", *path, *loop, *arguments]


@asynccontextmanager
async def process(
    tmp: Path, *arguments: str, stdin: int = asyncio.subprocess.DEVNULL, **environment: str
) -> AsyncIterator[Process]:
    """A server of its own, on a port that the kernel picks; what it logs is in `log`. Keywords: its environment."""
    log = tmp / "serve.log"
    ours = {name: value for name, value in os.environ.items() if name not in ("OPS_TOKEN", "PORT", "DEV_TOKEN")}
    with log.open("ab") as stderr:
        child = await asyncio.create_subprocess_exec(
            *command(*arguments),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=ours | {"PORT": "0"} | environment,
        )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = (await child.stdout.readline()).decode()
        assert line.startswith("WebSocket server listening on "), log.read_text()
        yield Process(child, line.split()[-1], log)
    finally:
        drop_all()
        if child.returncode is None:
            child.kill()
        await child.wait()
