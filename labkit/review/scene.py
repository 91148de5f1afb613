"""What a server probe works with: connections, rooms of its own, credentials and external evidence.

Each run of a probe has its own scene; its connections end with it.
"""

import asyncio
import base64
import os
import secrets
import ssl
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Self
from urllib.parse import quote, urlsplit

from labkit.evidence import CannotTell
from labkit.platform.os_errors import clock_fault
from labkit.platform.processes import tree_rss_kb
from labkit.review import dialect as dialects
from labkit.review import packing
from labkit.review.endpoint import END_OF_HEAD, ConnectionEnded, Message, ReceiveTimeout
from labkit.review.login import LoggedIn, log_in
from labkit.review.peer import Peer
from labkit.review.responses import HttpResponse, retry_s, status_of
from labkit.review.target import Target, connect_tcp, existing
from labkit.review.transcript import Did, Transcript, literal

TRIES = 20
NO_ENTRY = "could not enter"
ONE_ROOM = "does not apply: the server has one room"
THE_ROOM = "the-room"  # of a server that has one: its messages name none
MAX_WAIT_S = 60.0  # for a busy server, whatever retry time it gives


class Scene:
    """Connections and evidence for one run of a probe. Use with `async with`."""

    def __init__(self, target: Target, rng: Random) -> None:
        self.target = target
        self.promised = target.promised
        self.rng = rng
        self.transcript = Transcript(target.url, dict.fromkeys(target.tokens, "$TOKEN"))
        self.transcript.cafile = None if target.cafile is None else str(target.cafile)
        self.transcript.ignored = target.dialect.ignored_marks()
        if target.ops_token:
            self.transcript.secrets[target.ops_token] = "$OPS_TOKEN"
        self._rooms = f"r:{rng.getrandbits(32):08x}"  # short: some servers allow only 20 characters
        self.transcript.unique = self._rooms[2:]
        self._taken: dict[str, int] = {}  # which of the server's rooms stands for which of ours
        self._login = LoggedIn("", "")
        self._peers: list[Peer] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for peer in self._peers:
            peer.drop()

    @property
    def is_strict(self) -> bool:
        """Whether our codes, limits and answers are promised. Otherwise only an effect that does harm is a fault."""
        return self.target.profile != "core"

    # Connections

    def room(self, name: str = "room") -> str:
        """Return the name of a room that no other run uses, or one of the server's own rooms if it has a fixed list."""
        rooms = self.target.dialect.room
        if self.target.dialect.has_one_room:
            rooms = rooms if isinstance(rooms, tuple) else (THE_ROOM,)
        if not isinstance(rooms, tuple):
            return self.target.dialect.room_name(self._rooms, name)
        if name not in self._taken and len(self._taken) == len(rooms):
            many = f"needs more rooms than the {len(rooms)} that the dialect lists"
            raise CannotTell(ONE_ROOM if self.target.dialect.has_one_room else many)
        return rooms[self._taken.setdefault(name, len(self._taken))]

    def control_room(self) -> str:
        """Return the name of a room to join where only the answer matters."""
        return self.room(next(iter(self._taken), "control") if self.target.dialect.has_one_room else "control")

    def similar_rooms(self, name: str) -> list[str]:
        """Return valid names of other rooms that a careless comparison would confuse with room `name`."""
        room = self.room(name)
        if self.target.dialect.room is None:
            return [room.upper(), room + "x", room[:-1], room + ":", room.replace(f":{name}", f"_{name}")]
        if isinstance(self.target.dialect.room, tuple):
            return [one for one in self.target.dialect.room if one != room][:4]
        return [self.room(other) for other in (f"{name}x", name[:-1])]

    def unique(self) -> str:
        """Return a short text that no other run uses."""
        return f"{self._rooms[2:]}"

    async def dial(self, *, receive_buffer: int | None = None) -> Peer:
        """Open a TCP connection and send nothing. Raises CannotTell if the server does not accept it."""
        target, where = self.target, urlsplit(self.target.url)
        name = chr(ord("a") + len(self._peers)) if len(self._peers) < 26 else f"p{len(self._peers)}"
        peer = Peer(name, self.transcript, target.dialect, target.patience_s)
        peer.receive_buffer = receive_buffer or 0
        tls = self._trust() if where.scheme == "wss" else None
        port = where.port or (443 if tls else 80)
        loop = asyncio.get_running_loop()
        try:
            sock = await connect_tcp(where.hostname or "localhost", port, receive_buffer)
            await loop.create_connection(
                lambda: peer, sock=sock, ssl=tls, server_hostname=where.hostname if tls else None
            )
        except OSError as error:
            reason = os.strerror(error.errno) if isinstance(error, ConnectionError) and error.errno else error.strerror
            raise CannotTell(f"no connection to the server: {clock_fault(error) or reason or error}") from None
        self._peers.append(peer)
        return peer

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.target.cafile)
        except OSError as error:
            raise CannotTell(f"cannot use --cafile {self.target.cafile}: {error.strerror or error}") from None

    def upgrade_request(
        self, path: str | None = None, headers: Mapping[str, str] | None = None, room: str | None = None
    ) -> str:
        """Return a handshake request. `headers` are added to the default ones, or replace those of the same name."""
        where, dialect = urlsplit(self.target.url), self.target.dialect
        named = {"Sec-WebSocket-Protocol": dialect.subprotocol} if dialect.subprotocol else {}
        lines = {
            "Host": where.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(self.rng.randbytes(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }
        lines |= named | {name: self._filled(text, room) for name, text in dialect.headers.items()}
        lines |= dict(headers or {})
        own = where.path + (f"?{where.query}" if where.query else "")
        path = path or self._filled(self.target.dialect.path or "", room) or own or "/"
        return (
            "\r\n".join([f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]) + "\r\n\r\n"
        )

    @property
    def path(self) -> str:
        """The path of the WebSocket, without a query."""
        return (self.target.dialect.path or urlsplit(self.target.url).path or "/").partition("?")[0]

    def _filled(self, text: str, room: str | None) -> str:
        """Fill in the names that a path or a header of a dialect contains."""
        token = self.target.tokens[0] if self.target.tokens else ""
        values = {dialects.ROOM: room or (self.room("path") if dialects.ROOM in text else ""), dialects.TOKEN: token}
        where = urlsplit(self.target.url)
        values[dialects.ORIGIN] = f"{'https' if where.scheme == 'wss' else 'http'}://{where.netloc}"
        values |= {dialects.UNIQUE: secrets.token_hex(6), dialects.COOKIE: self._login.cookie}
        for name, value in values.items() if "$" in text else ():
            text = text.replace(name, quote(value, safe=":") if text.startswith("/") else value)
        return text

    async def handshake(
        self,
        peer: Peer,
        path: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        room: str | None = None,
        then: bytes = b"",
    ) -> int:
        """Send a WebSocket handshake and return the HTTP status. `then`: bytes to send right after the request."""
        head = self.upgrade_request(path, headers, room)
        self.transcript.note(peer.name, f"-> {head.splitlines()[0]}", _code(peer, head), Did(peer.name, "open", head))
        peer.transport.write(head.encode() + then)
        if not await peer.until(lambda: END_OF_HEAD in peer.head or peer.is_lost, self.target.patience_s):
            raise CannotTell("the server did not answer the handshake")
        return status_of(peer.head) if END_OF_HEAD in peer.head else 0

    async def connect(
        self, *, receive_buffer: int | None = None, room: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Peer:
        """Open a WebSocket and send nothing; `room`: for servers whose URL names it.

        Raises CannotTell if the handshake fails.
        """
        await self._log_in()
        peer = await self.dial(receive_buffer=receive_buffer)
        status = await self.handshake(peer, room=room, headers=headers)
        if status != 101:
            failure = f"got HTTP {status}" if status else "got no answer: the connection ended"
            raise CannotTell(f"the handshake {failure}")
        has_auth = not self.target.dialect.lacks_message("auth")
        if (first := packing.opening(self.target.dialect.messages, has_auth=has_auth)) is not None:
            peer.send_text(first)
        if self.target.tokens and has_auth:
            peer.control = {"type": "auth", "token": self._login.token or self.target.tokens[0]}
        return peer

    async def newcomer(self) -> Peer:
        """Open a connection that gets an answer to what it sends: before auth, or where there is none, as a member."""
        return await (self.enter() if self.target.dialect.lacks_message("auth") else self.connect())

    async def _log_in(self) -> None:
        """Log in once per connection, if the dialect says so: what it gives may work only once."""
        if self.target.dialect.login:
            token = self.target.tokens[0] if self.target.tokens else ""
            self._login = await log_in(self, self.target.dialect.login, token)
            given = {one: "$TICKET" for one in self._login if one}
            self.transcript.secrets |= given

    async def enter(
        self,
        *rooms: str,
        token: str | None = None,
        previous: str | None = None,
        receive_buffer: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Peer:
        """Open a connection, authenticate and join these rooms. Raises CannotTell if the server refuses."""
        self._must_fit(rooms)
        has_one_room = self.target.dialect.has_one_room
        if not rooms and self.target.dialect.pings_by_chat and not has_one_room:
            rooms = (self.room(f"own{len(self._peers)}"),)
        for _ in range(TRIES):
            first = rooms[0] if rooms else None
            peer = await self.connect(receive_buffer=receive_buffer, room=first, headers=headers)
            token = await self.token() if token is None else token
            try:
                peer.ok = await self._authenticate(peer, token, {} if previous is None else {"previous": previous})
                peer.control = {"type": "ping"}
                await self.join(peer, *self._joined(rooms))
                if (rooms or has_one_room) and "chat" in self.target.dialect.no_answers:
                    peer.observer = await self._add_observer(peer, token, rooms)
                if has_one_room:
                    await peer.received_so_far()  # what others have sent: history, and who is there
                return peer
            except ReceiveTimeout as timeout:
                raise CannotTell(f"{NO_ENTRY}: {timeout}") from None
            except ConnectionEnded as ended:
                if ended.code != self.target.dialect.code(1013):
                    raise CannotTell(f"{NO_ENTRY}: {ended}") from None
                await asyncio.sleep(min(retry_s(ended.reason), MAX_WAIT_S))
        raise CannotTell(f"{NO_ENTRY}: the server stayed busy")

    def _must_fit(self, rooms: tuple[str, ...]) -> None:
        dialect = self.target.dialect
        if len(rooms) > 1 and (dialect.one_room or dialect.joins_by_path):
            raise CannotTell("needs two rooms on one connection, and this server has one room per connection")

    def _joined(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        """Return the rooms to join by a message: the one room of a server that has no others, whatever the probe."""
        dialect = self.target.dialect
        if dialect.has_one_room:
            return () if dialect.lacks_message("join") else (self.control_room(),)
        return () if dialect.joins_by_path else rooms

    async def join(self, peer: Peer, *rooms: str) -> None:
        """Join more rooms. On some servers, joining a room leaves the previous one."""
        if rooms and self.target.dialect.lacks_message("join"):
            raise CannotTell("needs a join message, and this server has none")
        for room in rooms:
            peer.send(type="join", roomId=room)
            if "joined" not in self.target.dialect.no_answers:
                await peer.receive("joined")
        if "joined" in self.target.dialect.no_answers:
            refused = [one for one in await peer.received_so_far() if one.get("type") == "error"]
            if refused:
                raise CannotTell(f"{NO_ENTRY}: the server sent an error")
        if peer.observer is not None:
            await self.join(peer.observer, *rooms)

    async def _add_observer(self, peer: Peer, token: str, rooms: tuple[str, ...]) -> Peer:
        """Add a second member that passes the chats of `peer` back to it, if the server does not echo them."""
        observer = await self.connect(room=rooms[0] if rooms else None)
        await self._authenticate(observer, token, {})
        await self.join(observer, *self._joined(rooms))
        observer.observes_for = peer
        return observer

    async def _authenticate(self, peer: Peer, token: str, more: Message) -> Message:
        if self.target.dialect.lacks_message("auth"):
            return {}
        peer.send(type="auth", token=token, **more)
        return {} if "auth_ok" in self.target.dialect.no_answers else await peer.receive("auth_ok")

    # Messages

    def encode(self, **message: Any) -> str:
        """Return a message as JSON, translated into the server's names."""
        return self.target.dialect.text(message)

    async def first_message(self) -> tuple[str, str]:
        """Return the first message that a new client sends, and the type of the answer to expect."""
        dialect = self.target.dialect
        if dialect.lacks_message("auth"):
            if dialect.pings_by_chat and not dialect.lacks_message("join") and "joined" not in dialect.no_answers:
                return self.encode(type="join", roomId=self.room("first")), "joined"
            return self.encode(type="ping"), "pong"
        await self._log_in()
        return self.encode(type="auth", token=await self.token()), "auth_ok"

    async def http(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> HttpResponse:
        """Send a plain HTTP request."""
        peer = await self.dial()
        lines = {"Host": urlsplit(self.target.url).netloc, "Connection": "close"} | dict(headers or {})
        text = "\r\n".join(
            [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
        )
        self.transcript.note(peer.name, f"-> {method} {path}", _code(peer, text + body))
        peer.transport.write((text + body).encode())
        await peer.until(lambda: peer.is_lost, self.target.patience_s)
        head, _, answer = peer.head.partition(END_OF_HEAD)
        return HttpResponse(status_of(head), answer, head)

    # Credentials

    async def token(self) -> str:
        """Return the next of the given tokens in turn, or a fresh ticket if there are none."""
        if self._login.token:
            return self._login.token
        if not self.target.tokens:
            return await self.ticket()
        return self.target.tokens[len(self._peers) % len(self.target.tokens)]

    async def ticket(self) -> str:
        """Return a fresh ticket. Raises CannotTell if there is no --token-command, or if it fails."""
        if self.target.token_command is None:
            raise CannotTell("needs --token-command: a command that prints a fresh ticket")
        child = await asyncio.create_subprocess_shell(self.target.token_command, stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        ticket = out.decode("utf-8", "replace").strip()
        if child.returncode or not ticket:
            raise CannotTell(f"--token-command failed with exit code {child.returncode}")
        self.transcript.secrets[ticket] = "$TICKET"
        return ticket

    # External evidence

    def log(self) -> str:
        """Return what the server has logged since the review began. Raises CannotTell without --log."""
        if self.target.log is None:
            raise CannotTell("needs --log: the log file of the server")
        with existing(self.target.log).open("rb") as file:
            file.seek(self.target.log_starts_at)
            return file.read().decode("utf-8", "replace")

    def is_in_audit(self, text: str) -> bool:
        """Return whether the audit file contains this text, whatever the file's format.

        Raises CannotTell without --audit.
        """
        if self.target.audit is None:
            raise CannotTell("needs --audit: the audit file of the server")
        wal = Path(f"{self.target.audit}-wal")  # SQLite writes new rows here first
        files = (existing(self.target.audit), wal)
        return any(text.encode() in path.read_bytes() for path in files if path.exists())

    def rss_kb(self) -> int:
        """Return the server's memory use in KiB. Raises CannotTell without --pid or --start."""
        pid, hosted = self.target.pid, self.target.hosted
        if pid is not None:
            found = round(tree_rss_kb(pid))
        elif hosted is not None and hosted.process is not None:
            found = hosted.process.rss_kb
        else:
            raise CannotTell("needs --pid: the process id of a server on this machine")
        if not found:
            raise CannotTell(f"--pid {pid}: there is no such process on this machine, or reading it is not permitted")
        return found


def _code(peer: Peer, head: str) -> str:
    """Return the line of a reproduction script that opens the same connection."""
    buffer = f", {peer.receive_buffer}" if peer.receive_buffer else ""
    return f"{peer.name} = Peer({peer.name!r}, {literal(head)}{buffer})"
