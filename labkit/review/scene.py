"""What a probe plays in: connections to the server under review, rooms of its own, and the outside evidence.

One scene a probe run. Its connections end with it.
"""

import asyncio
import base64
import json
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from labkit.platform.os_errors import clock_fault
from labkit.platform.processes import tree_rss_kb
from labkit.review.answers import HttpAnswer, retry_s, status_of
from labkit.review.finding import CannotTell
from labkit.review.peer import END_OF_HEAD, Ended, Peer, Said, Silent
from labkit.review.target import Target, connected, there
from labkit.review.transcript import Transcript, literal

TRIES = 20
NO_ENTRY = "could not enter"
MOST_WAIT_S = 60.0  # for a server that says busy, whatever slot it names


class Scene:
    """Connections and evidence for one run of a probe. `async with`."""

    def __init__(self, target: Target, rng: Random) -> None:
        self.target = target
        self.promised = target.promised
        self.rng = rng
        self.transcript = Transcript(target.url, dict.fromkeys(target.tokens, "$TOKEN"))
        self.transcript.cafile = None if target.cafile is None else str(target.cafile)
        self.transcript.passed_over = target.dialect.marks_passed_over()
        if target.ops_token:
            self.transcript.secrets[target.ops_token] = "$OPS_TOKEN"
        self._rooms = f"r:{rng.getrandbits(32):08x}"  # short: some servers allow 20 characters
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
        peer.receive_buffer = receive_buffer or 0
        tls = self._trust() if where.scheme == "wss" else None
        port = where.port or (443 if tls else 80)
        loop = asyncio.get_running_loop()
        try:
            sock = await connected(where.hostname or "localhost", port, receive_buffer)
            await loop.create_connection(
                lambda: peer, sock=sock, ssl=tls, server_hostname=where.hostname if tls else None
            )
        except OSError as error:
            told = os.strerror(error.errno) if isinstance(error, ConnectionError) and error.errno else error.strerror
            raise CannotTell(f"no connection to the server: {clock_fault(error) or told or error}") from None
        self._peers.append(peer)
        return peer

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.target.cafile)
        except OSError as error:
            raise CannotTell(f"cannot use --cafile {self.target.cafile}: {error.strerror or error}") from None

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
        self.transcript.note(peer.name, f"-> {head.splitlines()[0]}", _code(peer, head))
        peer.transport.write(head.encode() + then)
        if not await peer.until(lambda: END_OF_HEAD in peer.head or peer.is_lost, self.target.patience_s):
            raise CannotTell("the handshake was not answered")
        return status_of(peer.head) if END_OF_HEAD in peer.head else 0

    async def connect(self, *, receive_buffer: int | None = None) -> Peer:
        """A WebSocket that has not said anything."""
        peer = await self.dial(receive_buffer=receive_buffer)
        status = await self.shake(peer)
        if status != 101:
            answer = f"was answered with HTTP {status}" if status else "was not answered: the connection ended"
            raise CannotTell(f"the handshake {answer}")
        if self.target.tokens and "auth" not in self.target.dialect.no_messages:
            peer.control = {"type": "auth", "token": self.target.tokens[0]}
        return peer

    async def enter(
        self, *rooms: str, token: str | None = None, previous: str | None = None, receive_buffer: int | None = None
    ) -> Peer:
        """A member of these rooms. Raises CannotTell when the server does not let us in."""
        for _ in range(TRIES):
            peer = await self.connect(receive_buffer=receive_buffer)
            token = await self.token() if token is None else token
            try:
                peer.ok = await self._authenticate(peer, token, {} if previous is None else {"previous": previous})
                peer.control = {"type": "ping"}
                await self.join(peer, *rooms)
                if rooms and "chat" in self.target.dialect.no_answers:
                    peer.ear = await self._ear(peer, token, rooms)
                return peer
            except Silent as silent:
                raise CannotTell(f"{NO_ENTRY}: {silent}") from None
            except Ended as ended:
                if ended.code != self.target.dialect.code(1013):
                    raise CannotTell(f"{NO_ENTRY}: {ended}") from None
                await asyncio.sleep(min(retry_s(ended.reason), MOST_WAIT_S))
        raise CannotTell(f"{NO_ENTRY}: the server kept saying busy")

    async def join(self, peer: Peer, *rooms: str) -> None:
        """Enter more rooms; in some servers that leaves the one before."""
        for room in rooms:
            peer.say(type="join", roomId=room)
            if "joined" not in self.target.dialect.no_answers:
                await peer.hear("joined")
        if "joined" in self.target.dialect.no_answers:
            refused = [said for said in await peer.everything() if said.get("type") == "error"]
            if refused:
                raise CannotTell(f"{NO_ENTRY}: it was answered with error")
        if peer.ear is not None:
            await self.join(peer.ear, *rooms)

    async def _ear(self, peer: Peer, token: str, rooms: tuple[str, ...]) -> Peer:
        """Another member, who hears what this one says, where a speaker is not told: it is passed on to it."""
        ear = await self.connect()
        await self._authenticate(ear, token, {})
        await self.join(ear, *rooms)
        ear.hears_for = peer
        return ear

    async def _authenticate(self, peer: Peer, token: str, more: Said) -> Said:
        if "auth" in self.target.dialect.no_messages:
            return {}
        peer.say(type="auth", token=token, **more)
        return {} if "auth_ok" in self.target.dialect.no_answers else await peer.hear("auth_ok")

    # What to say

    def words(self, **message: Any) -> str:
        """A message as the server takes it: its names, as JSON."""
        return json.dumps(self.target.dialect.said(message), separators=(",", ":"))

    async def first_words(self) -> tuple[str, str]:
        """What a newcomer says first, and the type that answers it."""
        if "auth" in self.target.dialect.no_messages:
            return self.words(type="ping"), "pong"
        return self.words(type="auth", token=await self.token()), "auth_ok"

    async def http(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """A plain HTTP request."""
        peer = await self.dial()
        lines = {"Host": urlsplit(self.target.url).netloc, "Connection": "close"} | dict(headers or {})
        text = "\r\n".join(
            [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
        )
        self.transcript.note(peer.name, f"-> {method} {path}", _code(peer, text))
        peer.transport.write(text.encode())
        await peer.until(lambda: peer.is_lost, self.target.patience_s)
        head, _, body = peer.head.partition(END_OF_HEAD)
        return HttpAnswer(status_of(head), body)

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
        ticket = out.decode("utf-8", "replace").strip()
        if child.returncode or not ticket:
            raise CannotTell(f"--token-command failed with exit code {child.returncode}")
        self.transcript.secrets[ticket] = "$TICKET"
        return ticket

    # Evidence from outside

    def log(self) -> str:
        """What the server has logged since the review began. Raises CannotTell without --log."""
        if self.target.log is None:
            raise CannotTell("needs --log: the file that the server logs to")
        with there(self.target.log).open("rb") as file:
            file.seek(self.target.log_starts_at)
            return file.read().decode("utf-8", "replace")

    def is_in_audit(self, text: str) -> bool:
        """Whether a text is in the audit file, whatever its format. Raises CannotTell without --audit."""
        if self.target.audit is None:
            raise CannotTell("needs --audit: the file that the server keeps its audit log in")
        files = (
            there(self.target.audit),
            Path(f"{self.target.audit}-wal"),
        )  # SQLite keeps what is new beside the file
        return any(text.encode() in path.read_bytes() for path in files if path.exists())

    def rss_kb(self) -> int:
        """The server's memory, in KiB. Raises CannotTell without --pid."""
        pid, hosted = self.target.pid, self.target.hosted
        if pid is not None:
            found = round(tree_rss_kb(pid))
        elif hosted is not None and hosted.process is not None:
            found = hosted.process.rss_kb
        else:
            raise CannotTell("needs --pid: the server's process, on this machine")
        if not found:
            raise CannotTell(f"--pid {pid}: there is no such process on this machine, or it may not be looked at")
        return found


def _code(peer: Peer, head: str) -> str:
    """What a script says to connect as this one did."""
    buffer = f", {peer.receive_buffer}" if peer.receive_buffer else ""
    return f"{peer.name} = Peer({peer.name!r}, {literal(head)}{buffer})"
