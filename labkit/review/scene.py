"""What a probe plays in: connections to the server under review, rooms of its own, and the outside evidence.

One scene a probe run. Its connections end with it.
"""

import asyncio
import base64
import os
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from labkit.review.dialect import Dialect
from labkit.review.finding import CannotTell
from labkit.review.peer import END_OF_HEAD, Ended, Peer, Silent
from labkit.review.promised import Promised
from labkit.review.transcript import Transcript

TRIES = 20
_RETRY = re.compile(r"retry=(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The server under review, and all that the reviewer was given about it."""

    url: str
    tokens: tuple[str, ...] = ()
    token_command: str | None = None  # prints a fresh ticket of a user who may only enter review:ticket
    ops_token: str | None = None
    pid: int | None = None
    log: Path | None = None
    audit: Path | None = None
    log_starts_at: int = 0
    promised: Promised = field(default_factory=Promised)
    dialect: Dialect = field(default_factory=Dialect)
    patience_s: float = 10


class HttpAnswer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes


class Scene:
    """Connections and evidence for one run of a probe. `async with`."""

    def __init__(self, target: Target, rng: Random) -> None:
        self.target = target
        self.promised = target.promised
        self.rng = rng
        self.transcript = Transcript(target.url, dict.fromkeys(target.tokens, "$TOKEN"))
        if target.ops_token:
            self.transcript.secrets[target.ops_token] = "$OPS_TOKEN"
        self._rooms = f"review:{rng.getrandbits(40):010x}"
        self._peers: list[Peer] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for peer in self._peers:
            peer.drop()

    # Connections

    def room(self, name: str = "room") -> str:
        """A room that nobody else uses."""
        return f"{self._rooms}:{name}"

    async def dial(self, *, receive_buffer: int | None = None) -> Peer:
        """A TCP connection on which nothing has been said."""
        target, where = self.target, urlsplit(self.target.url)
        name = chr(ord("a") + len(self._peers)) if len(self._peers) < 26 else f"p{len(self._peers)}"
        peer = Peer(name, self.transcript, target.dialect, target.patience_s)
        tls = ssl.create_default_context() if where.scheme == "wss" else None
        port = where.port or (443 if tls else 80)
        loop = asyncio.get_running_loop()
        try:
            sock = await _connected(where.hostname or "localhost", port, receive_buffer)
            await loop.create_connection(
                lambda: peer, sock=sock, ssl=tls, server_hostname=where.hostname if tls else None
            )
        except OSError as error:
            raise CannotTell(f"no connection to the server: {error.strerror or error}") from None
        self._peers.append(peer)
        return peer

    def upgrade(self, path: str | None = None, headers: Mapping[str, str] | None = None) -> str:
        """A handshake; `headers` add to the usual ones or replace them."""
        where = urlsplit(self.target.url)
        lines = {
            "Host": where.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(self.rng.randbytes(16)).decode(),
            "Sec-WebSocket-Version": "13",
        } | dict(headers or {})
        path = path or self.target.dialect.path or where.path or "/"
        return (
            "\r\n".join([f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]) + "\r\n\r\n"
        )

    async def shake(
        self, peer: Peer, path: str | None = None, *, headers: Mapping[str, str] | None = None, then: bytes = b""
    ) -> int:
        """Ask for a WebSocket; the HTTP status of the answer. `then`: bytes right behind the request."""
        head = self.upgrade(path, headers)
        self.transcript.note(peer.name, f"-> {head.splitlines()[0]}", f"{peer.name} = Peer({head!r})")
        peer.transport.write(head.encode() + then)
        if not await peer.until(lambda: END_OF_HEAD in peer.head or peer.is_lost, self.target.patience_s):
            raise CannotTell("the handshake was not answered")
        return int(peer.head.split()[1]) if END_OF_HEAD in peer.head else 0

    async def connect(self, *, receive_buffer: int | None = None) -> Peer:
        """A WebSocket that has not said anything."""
        peer = await self.dial(receive_buffer=receive_buffer)
        status = await self.shake(peer)
        if status != 101:
            raise CannotTell(f"the handshake was answered with HTTP {status}")
        if self.target.tokens:
            peer.control = {"type": "auth", "token": self.target.tokens[0]}
        return peer

    async def enter(
        self, *rooms: str, token: str | None = None, previous: str | None = None, receive_buffer: int | None = None
    ) -> Peer:
        """A member of these rooms. Raises CannotTell when the server does not let us in."""
        for _ in range(TRIES):
            peer = await self.connect(receive_buffer=receive_buffer)
            more = {} if previous is None else {"previous": previous}
            peer.say(type="auth", token=await self.token() if token is None else token, **more)
            try:
                peer.ok = await peer.hear("auth_ok")
                peer.control = {"type": "ping"}
                for room in rooms:
                    peer.say(type="join", roomId=room)
                    await peer.hear("joined")
                return peer
            except Silent as silent:
                raise CannotTell(f"could not enter: {silent}") from None
            except Ended as ended:
                if ended.code != self.target.dialect.code(1013):
                    raise CannotTell(f"could not enter: {ended}") from None
                await asyncio.sleep(retry_s(ended.reason))
        raise CannotTell("could not enter: the server kept saying busy")

    async def http(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """A plain HTTP request."""
        peer = await self.dial()
        lines = {"Host": urlsplit(self.target.url).netloc, "Connection": "close"} | dict(headers or {})
        text = "\r\n".join(
            [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
        )
        self.transcript.note(peer.name, f"-> {method} {path}", f"{peer.name} = Peer({text!r})")
        peer.transport.write(text.encode())
        await peer.until(lambda: peer.is_lost, self.target.patience_s)
        head, _, body = peer.head.partition(END_OF_HEAD)
        return HttpAnswer(int(head.split()[1]) if head else 0, body)

    # Credentials

    async def token(self) -> str:
        """A token that lets us in everywhere: those given, in turn."""
        if not self.target.tokens:
            return await self.ticket()
        return self.target.tokens[len(self._peers) % len(self.target.tokens)]

    async def ticket(self) -> str:
        """A fresh ticket. Raises CannotTell without a command that prints one."""
        if self.target.token_command is None:
            raise CannotTell("needs --token-command: a command that prints a fresh ticket")
        child = await asyncio.create_subprocess_shell(self.target.token_command, stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        ticket = out.decode().strip()
        if child.returncode or not ticket:
            raise CannotTell(f"--token-command failed with exit code {child.returncode}")
        self.transcript.secrets[ticket] = "$TICKET"
        return ticket

    # Evidence from outside

    def log(self) -> str:
        """What the server has logged since the review began. Raises CannotTell without --log."""
        if self.target.log is None:
            raise CannotTell("needs --log: the file that the server logs to")
        with self.target.log.open("rb") as file:
            file.seek(self.target.log_starts_at)
            return file.read().decode("utf-8", "replace")

    def is_in_audit(self, text: str) -> bool:
        """Whether a text is in the audit file, whatever its format. Raises CannotTell without --audit."""
        if self.target.audit is None:
            raise CannotTell("needs --audit: the file that the server keeps its audit log in")
        files = (self.target.audit, Path(f"{self.target.audit}-wal"))  # SQLite keeps what is new beside the file
        return any(text.encode() in path.read_bytes() for path in files if path.exists())

    def rss_kb(self) -> int:
        """The server's memory, in KiB. Raises CannotTell without --pid."""
        if self.target.pid is None:
            raise CannotTell("needs --pid: the server's process, on this machine")
        try:
            status = Path(f"/proc/{self.target.pid}/status").read_text(encoding="ascii")
        except OSError:
            raise CannotTell(f"--pid {self.target.pid}: /proc tells nothing of it") from None
        return int(status.partition("VmRSS:")[2].split()[0])


def retry_s(reason: str) -> float:
    """The slot in a reason, in seconds; 1 without one."""
    found = _RETRY.search(reason)
    return int(found[1]) / 1000 if found else 1.0


async def _connected(host: str, port: int, receive_buffer: int | None) -> socket.socket:
    loop, fault = asyncio.get_running_loop(), OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await loop.sock_connect(sock, address)
            return sock
        except OSError as error:
            sock.close()
            fault = error
    raise fault


def environment_ops_token() -> str | None:
    """The operations bearer, from the same place where the server has it."""
    return os.environ.get("OPS_TOKEN")
