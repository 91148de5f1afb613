"""A dialect: the names that another server uses for our messages, fields and close codes. It is read from TOML.

docs/dialect.md has a worked example.

base = "socket.io"        a ready dialect that this one changes
path = "/ws"              the path of its WebSocket, or of the URL; $ROOM, $TOKEN and $UNIQUE are filled in
subprotocol = "v1.chat"   what it expects in Sec-WebSocket-Protocol
room = "lobby-$ID-$NAME"  how its room names look, or a list of all rooms that it has
one_room = true           joining a room leaves the previous one
has_one_room = true       it has no rooms: every chat reaches everybody; `room` may be a list of its one name
messages = "lines"        how a frame holds messages: one, lines, array, socket.io, phoenix or centrifugo
[headers]                 headers of the handshake; $TOKEN, $COOKIE and $ORIGIN are filled in
[login]                   an HTTP request before each handshake, if there are sessions or tickets
path = "/login"           also method = "POST", body = '{"code": "$TOKEN"}' and type = "application/json"
token = "data.ticket"     where its JSON answer has the token to use; the cookies that it sets are $COOKIE
[limits]                  its own limits, as for --set
[types]                   ours = "theirs"
chat = "message"
[fields]
roomId = "channel"
text = "payload.message"  a field inside another
[more.join]               extra fields of a message; $UNIQUE is a new random value each time
nick = "$UNIQUE"
[more.ping]               $PING: new for each ping; $PEER: the same for all pings of a connection
words = "$PING"
[known.pong]              fields that identify one of its messages, if its type is not enough
"payload.ok" = true
words = "$PING"           where a pong repeats its ping: an answer to another ping is no pong
[codes]                   our close code = its close code, or the answer it sends instead of closing
4403 = 1008
1008 = "error"
1013 = "nothing"          it ignores the message
[without]
probes = ["storms", "heartbeat/4"]        chapters or probes that do not apply to it
messages = ["auth"]                       messages that it does not accept
answers = ["joined", "chat"]              answers that the client who caused them does not get
meaning = ["welcome"]                     its own unsolicited messages, which are ignored
room = ["chat"]                           messages that name no room: it is the one that was joined
"""

import re
import secrets
import tomllib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from labkit.review import packing
from labkit.review.dialect_checks import (
    ID,
    ONLY_FROM_CLIENTS,
    WITHOUT,
    check,
    check_names,
)
from labkit.text import files as text_files

UNIQUE, ROOM, TOKEN, NAME, COOKIE = "$UNIQUE", "$ROOM", "$TOKEN", "$NAME", "$COOKIE"
PING, PEER, ORIGIN = "$PING", "$PEER", "$ORIGIN"
IN_PINGS = re.compile(r"ping-[0-9a-f]{8}")  # what stands for $PING and $PEER in a message
THEIRS = "their "  # prefix of a name that means something else in our protocol


class BadDialect(ValueError):
    """A dialect file cannot be used; the message names the file and the fault."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Names in both directions. The default is the protocol of docs/protocol.md."""

    types: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    codes: Mapping[int, int | str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    no_messages: tuple[str, ...] = ()
    no_answers: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    roomless: tuple[str, ...] = ()
    path: str | None = None
    subprotocol: str | None = None
    room: str | tuple[str, ...] | None = None
    one_room: bool = False
    has_one_room: bool = False
    messages: str = "one"
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    login: Mapping[str, str] = field(default_factory=dict)

    @property
    def joins_by_path(self) -> bool:
        """Whether the URL names the room, so that there is one room per connection and no join message."""
        return self.path is not None and ROOM in self.path

    @property
    def has_rooms_of_its_own(self) -> bool:
        """Whether each probe can have rooms that no other probe uses."""
        return not self.has_one_room and not isinstance(self.room, tuple)

    @property
    def matches_pongs(self) -> bool:
        """Whether a pong repeats a part of its ping."""
        return any(value in (PING, PEER) for value in self.known.get("pong", {}).values())

    @property
    def pings_by_chat(self) -> bool:
        """Whether a ping is a chat, which a server answers only in a room."""
        return self.matches_pongs and self.types.get("ping", "ping") == self.types.get("chat", "chat")

    @property
    def keeps_to_one_room(self) -> bool:
        """Whether a connection is in one room only, so that a second join proves nothing."""
        return self.has_one_room or self.one_room

    def lacks_message(self, kind: str) -> bool:
        """Return whether the server accepts no message of this type."""
        return kind in self.no_messages or (kind == "join" and self.joins_by_path)

    def room_name(self, unique: str, name: str) -> str:
        """Return the server's name for one of the review's rooms: `unique` differs in each run, `name` within one."""
        if not isinstance(self.room, str):
            return f"{unique}:{name}"
        if NAME not in self.room:
            unique += sha256(name.encode()).hexdigest()[:6]
        return self.room.replace(ID, unique.removeprefix("r:")).replace(NAME, name)

    def text(self, message: Mapping[str, Any], peer: str = "") -> str:
        """Return one of our messages as the text of a frame. `peer`: what stands for $PEER."""
        return packing.packed(self.messages, self.kind, self.encode(message, peer))

    def split(self, body: bytes) -> list[bytes]:
        """Return the messages in one frame."""
        return packing.unpacked(self.messages, self.kind, body) if self.messages != "one" else [body]

    @property
    def kind(self) -> str:
        """The server's name of the field that holds the type of a message."""
        return self.fields.get("type", "type")

    def encode(self, message: Mapping[str, Any], peer: str = "") -> dict[str, Any]:
        """Translate one of our messages into the server's names."""
        typed = dict(message)
        if (self.has_one_room and self.room is None) or typed.get("type") in self.roomless:
            typed.pop("roomId", None)
        if isinstance(typed.get("type"), str):
            more = self.more.get(typed["type"], {})
            typed |= {name: _filled(value, peer) for name, value in more.items()}
            typed["type"] = self.types.get(typed["type"], typed["type"])
        theirs: dict[str, Any] = {}
        for name, value in typed.items():
            *outer, last = self.fields.get(name, name).split(".")
            inside = theirs
            for part in outer:
                inside = inside.setdefault(part, {})
            inside[last] = value
        return theirs

    def decode(self, message: Mapping[str, Any], sent: Container[str] = ()) -> dict[str, Any]:
        """Translate one of the server's messages into our names. `sent`: what its pings must repeat."""
        names = _reversed(self.fields)
        typed = {names.get(name, name): value for name, value in message.items()}
        nested = {ours: _inside(message, theirs) for ours, theirs in self.fields.items() if "." in theirs}
        typed |= {ours: value for ours, value in nested.items() if value is not None}
        if isinstance(typed.get("type"), str):
            name = typed["type"]  # a type of ours that the file translates means something else when it arrives
            typed["type"] = self._types_received().get(name, THEIRS + name if name in self.types else name)
        for ours, marks in self.known.items():
            if all(_is_mark(_inside(message, path), value, sent) for path, value in marks.items()):
                return typed | {"type": ours}
        return typed

    def repeated(self, message: Mapping[str, Any]) -> str:
        """Return what a message repeats of a ping, whoever sent that ping; "" if it is no answer to one."""
        marks = self.known.get("pong", {}) if self.matches_pongs else {}
        found = [_inside(message, path) for path, value in marks.items() if value in (PING, PEER)]
        is_ping = all(isinstance(one, str) and IN_PINGS.fullmatch(one) for one in found)
        rest = {path: value for path, value in marks.items() if value not in (PING, PEER)}
        is_pong = found and is_ping and all(_inside(message, path) == value for path, value in rest.items())
        return str(found[0]) if is_pong else ""

    def ignores(self, message: Mapping[str, Any]) -> bool:
        """Return whether a decoded message is one of the server's own unsolicited messages."""
        name = message.get("type")
        return (
            isinstance(name, str)
            and name.removeprefix(THEIRS) in self.ignored
            and (name.startswith(THEIRS) or name not in self._types_received().values())
        )

    def ignored_marks(self) -> list[dict[str, Any]]:
        """Return the fields that identify each ignored message, in the server's names."""
        kind = self.fields.get("type", "type")
        own = [dict(self.known.get(name, {kind: name})) for name in self.ignored]
        return [{kind: self.types.get("reconnect", "reconnect")}, *own]

    def _types_received(self) -> dict[str, str]:
        return _reversed(
            {ours: theirs for ours, theirs in self.types.items() if ours not in (*ONLY_FROM_CLIENTS, *self.known)}
        )

    def code(self, code: int) -> int:
        """Return the server's equivalent of one of our close codes."""
        theirs = self.codes.get(code, code)
        return theirs if isinstance(theirs, int) else code

    def answer(self, code: int) -> str | None:
        """Return the type of the answer that the server sends instead of closing, or NOTHING; None if it does close."""
        theirs = self.codes.get(code)
        return theirs if isinstance(theirs, str) else None

    def lacks(self, *types: str) -> bool:
        """Return whether this dialect translates types, but none of the given ones."""
        return bool(self.types) and not any(name in self.types for name in types)

    def leaves_out(self, probe_id: str) -> bool:
        """Return whether the dialect excludes a probe because it does not apply to the server."""
        return probe_id in self.without or probe_id.partition("/")[0] in self.without


def read_dialect(path: Path) -> Dialect:
    """Read a dialect file.

    Raises BadDialect, even for an unknown name, which would otherwise silently have no effect.
    """
    return dialect_of(tables_in(path))


def tables_in(path: Path) -> dict[str, Any]:
    """Return the valid tables of a dialect file, or of a ready dialect of this name. Raises BadDialect."""
    ready = ready_dialects()
    try:
        is_ready = str(path) in ready and not path.exists()
        file = tomllib.loads(ready[str(path)].read_text(encoding="utf-8") if is_ready else text_files.read(path))
        if (base := file.pop("base", None)) is not None:
            check_names("a ready dialect, for base", [str(base)], ready)
            file = merged(tomllib.loads(ready[str(base)].read_text(encoding="utf-8")), file)
        check(file)
    except OSError as error:
        why = f"{error.strerror}; the ready dialects are {', '.join(ready)}"
        raise BadDialect(f"cannot read the dialect {path}: {why}") from None
    except (ValueError, RecursionError) as error:  # TOML's own errors are ValueErrors
        raise BadDialect(f"cannot use the dialect {path}: {error}") from None
    return file


def ready_dialects() -> dict[str, Traversable]:
    """Return the dialects that labkit has, by name."""
    found = [one for one in files("labkit.review").joinpath("dialects").iterdir() if one.name.endswith(".toml")]
    return {one.name.removesuffix(".toml"): one for one in sorted(found, key=lambda one: one.name)}


def merged(tables: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of a dialect with more added; lists grow, other values are replaced."""
    whole = dict(tables)
    for name, value in more.items():
        before = whole.get(name)
        if isinstance(value, Mapping):
            whole[name] = merged(before if isinstance(before, Mapping) else {}, value)
        elif isinstance(value, list) and isinstance(before, list):
            whole[name] = [*before, *(one for one in value if one not in before)]
        else:
            whole[name] = value
    return whole


def dialect_of(file: Mapping[str, Any]) -> Dialect:
    """Build a dialect from the contents of a file. Raises ValueError for the first fault."""
    check(file)
    codes = {int(ours): theirs for ours, theirs in file.get("codes", {}).items()}
    probes, messages, answers, meaning, no_room = (tuple(file.get("without", {}).get(kind, ())) for kind in WITHOUT)
    types, names, more, known = (dict(file.get(kind, {})) for kind in ("types", "fields", "more", "known"))
    room = file.get("room")
    return Dialect(
        *(types, names, more, known, codes, probes, messages, answers, meaning, no_room),
        path=file.get("path"),
        subprotocol=file.get("subprotocol"),
        room=tuple(room) if isinstance(room, list) else room,
        one_room=file.get("one_room", False),
        has_one_room=file.get("has_one_room", False),
        messages=file.get("messages", "one"),
        headers=dict(file.get("headers", {})),
        limits=dict(file.get("limits", {})),
        login=dict(file.get("login", {})),
    )


def _filled(value: Any, peer: str) -> Any:
    """Return the value of an additional field: a placeholder stands for a value of its own."""
    if value == UNIQUE:
        return secrets.token_hex(6)
    return (peer if value == PEER and peer else new_mark()) if value in (PING, PEER) else value


def new_mark() -> str:
    """Return a value for $PING or $PEER."""
    return f"ping-{secrets.token_hex(4)}"


def _is_mark(found: Any, value: Any, sent: Container[str]) -> bool:
    return isinstance(found, str) and found in sent if value in (PING, PEER) else bool(found == value)


def _inside(message: Mapping[str, Any], path: str) -> Any:
    value: Any = message
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _reversed(names: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in names.items()}
