"""A dialect: the names that another server uses for our messages, fields and close codes. It is read from TOML.

docs/dialect.md has a worked example.

base = "socket.io"        a ready dialect that this one changes
path = "/ws"              the path of its WebSocket, or of the URL; $ROOM, $TOKEN and $UNIQUE are filled in
subprotocol = "v1.chat"   what it expects in Sec-WebSocket-Protocol
room = "lobby-$ID-$NAME"  how its room names look, or a list of all rooms that it has
one_room = true           joining a room leaves the previous one
messages = "lines"        how a frame holds messages: one, lines, array, socket.io, phoenix or centrifugo
[headers]                 headers of the handshake; $TOKEN and $COOKIE are filled in
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
[known.pong]              fields that identify one of its messages, if its type is not enough
"payload.ok" = true
[codes]                   our close code = its close code, or the answer it sends instead of closing
4403 = 1008
1008 = "error"
1013 = "nothing"          it ignores the message
[without]
probes = ["storms", "heartbeat/4"]        chapters or probes that do not apply to it
messages = ["auth"]                       messages that it does not accept
answers = ["joined", "chat"]              answers that the client who caused them does not get
meaning = ["welcome"]                     its own unsolicited messages, which are ignored
"""

import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from labkit.review import packing
from labkit.review.promised_limits import limit_names
from labkit.rules.close_codes import TABLE
from labkit.text import files as text_files
from labkit.text.nearest import nearest

ONLY_FROM_CLIENTS = ("auth", "refresh", "join", "leave", "ping")
FROM_CLIENTS = (*ONLY_FROM_CLIENTS, "presence", "chat", "progress", "comment", "read", "alert", "exercise")
TYPES = (*FROM_CLIENTS, "auth_ok", "joined", "left", "pong", "error", "reconnect", "entered", "gone")
FIELDS = (
    *("type", "token", "previous", "roomId", "since", "epoch", "seq", "requestId", "text", "jobId", "phase", "percent"),
    *("note", "target", "upTo", "severity", "customer", "exercise", "status", "check", "at", "n", "connectionId"),
    *("userId", "resume", "expiresAt", "pingMs", "reconnect", "windowMs", "previousClose", "code", "reason", "gap"),
    *("access", "id", "sentAt", "duplicate", "members", "message"),
)
NOTHING = "nothing"  # instead of an answer: the server ignores the message
WITHOUT = ("probes", "messages", "answers", "meaning")
TABLES = ("types", "fields", "more", "known", "codes", "without", "headers", "limits", "login")
LOGIN = ("path", "method", "body", "type", "token")
PLAIN = ("path", "subprotocol", "room", "one_room", "messages")  # keys outside the tables
CODES = range(1000, 5000)
UNIQUE, ROOM, TOKEN, ID, NAME, COOKIE = "$UNIQUE", "$ROOM", "$TOKEN", "$ID", "$NAME", "$COOKIE"
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
    path: str | None = None
    subprotocol: str | None = None
    room: str | tuple[str, ...] | None = None
    one_room: bool = False
    messages: str = "one"
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    login: Mapping[str, str] = field(default_factory=dict)

    @property
    def joins_by_path(self) -> bool:
        """Whether the URL names the room, so that there is one room per connection and no join message."""
        return self.path is not None and ROOM in self.path

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

    def text(self, message: Mapping[str, Any]) -> str:
        """Return one of our messages as the text of a frame."""
        return packing.packed(self.messages, self.kind, self.encode(message))

    def split(self, body: bytes) -> list[bytes]:
        """Return the messages in one frame."""
        return packing.unpacked(self.messages, self.kind, body) if self.messages != "one" else [body]

    @property
    def kind(self) -> str:
        """The server's name of the field that holds the type of a message."""
        return self.fields.get("type", "type")

    def encode(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Translate one of our messages into the server's names."""
        typed = dict(message)
        if isinstance(typed.get("type"), str):
            more = self.more.get(typed["type"], {})
            typed |= {name: secrets.token_hex(6) if value == UNIQUE else value for name, value in more.items()}
            typed["type"] = self.types.get(typed["type"], typed["type"])
        theirs: dict[str, Any] = {}
        for name, value in typed.items():
            *outer, last = self.fields.get(name, name).split(".")
            inside = theirs
            for part in outer:
                inside = inside.setdefault(part, {})
            inside[last] = value
        return theirs

    def decode(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Translate one of the server's messages into our names."""
        names = _reversed(self.fields)
        typed = {names.get(name, name): value for name, value in message.items()}
        nested = {ours: _inside(message, theirs) for ours, theirs in self.fields.items() if "." in theirs}
        typed |= {ours: value for ours, value in nested.items() if value is not None}
        if isinstance(typed.get("type"), str):
            name = typed["type"]  # a type of ours that the file translates means something else when it arrives
            typed["type"] = self._types_received().get(name, THEIRS + name if name in self.types else name)
        for ours, marks in self.known.items():
            if all(_inside(message, path) == value for path, value in marks.items()):
                return typed | {"type": ours}
        return typed

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
            _check_names("a ready dialect, for base", [str(base)], ready)
            file = merged(tomllib.loads(ready[str(base)].read_text(encoding="utf-8")), file)
        _check(file)
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
    _check(file)
    codes = {int(ours): theirs for ours, theirs in file.get("codes", {}).items()}
    probes, messages, answers, meaning = (tuple(file.get("without", {}).get(kind, ())) for kind in WITHOUT)
    types, names, more, known = (dict(file.get(kind, {})) for kind in ("types", "fields", "more", "known"))
    room = file.get("room")
    return Dialect(
        *(types, names, more, known, codes, probes, messages, answers, meaning),
        path=file.get("path"),
        subprotocol=file.get("subprotocol"),
        room=tuple(room) if isinstance(room, list) else room,
        one_room=file.get("one_room", False),
        messages=file.get("messages", "one"),
        headers=dict(file.get("headers", {})),
        limits=dict(file.get("limits", {})),
        login=dict(file.get("login", {})),
    )


def _check(file: Mapping[str, Any]) -> None:
    """Check every table, key and value. Raises ValueError for the first invalid one."""
    _check_names("a table of a dialect", file, (*TABLES, *PLAIN))
    tables = {name: _table(name, file.get(name, {})) for name in TABLES}
    _check_plain(file)
    _check_names("a key of [login]", tables["login"], LOGIN)
    for table in ("headers", "login"):
        for name, value in tables[table].items():
            if not isinstance(value, str):
                raise ValueError(f"[{table}] {name} must be text in quotes, not {value!r}")
    if tables["login"] and not str(tables["login"].get("path", "")).startswith("/"):
        raise ValueError('[login] needs the path of the request, such as path = "/login"')
    for name, number in tables["limits"].items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"[limits] {name} must be a number, not {number!r}")
    _check_names("a limit of the review, for [limits]", tables["limits"], limit_names())
    without = {name: _list(name, tables["without"].get(name, [])) for name in WITHOUT}
    _check_names("a key of [without]", tables["without"], WITHOUT)
    _check_names("a labkit message, for [without] messages", without["messages"], FROM_CLIENTS)
    _check_names("a labkit answer, for [without] answers", without["answers"], TYPES)
    _check_names("a labkit type, for [types]", tables["types"], TYPES)
    _check_names("a labkit field, for [fields]", tables["fields"], FIELDS)
    _check_names("a labkit message, for [more.TYPE]", tables["more"], FROM_CLIENTS)
    _check_names("a labkit type, for [known.TYPE]", tables["known"], (*TYPES, *without["meaning"]))
    for name in ("types", "fields"):
        for ours, theirs in tables[name].items():
            if not isinstance(theirs, str) or not theirs:
                raise ValueError(f"[{name}] {ours} must be the server's name in quotes, not {theirs!r}")
    for name in ("more", "known"):
        for kind, fields in tables[name].items():
            _table(f"{name}.{kind}", fields)
    for ours, theirs in tables["codes"].items():
        _check_code(ours, theirs)


def _check_plain(file: Mapping[str, Any]) -> None:
    """Check the keys outside the tables. Raises ValueError."""
    for name, example in (("path", "/ws"), ("subprotocol", "chat.v1")):
        if not isinstance(file.get(name, ""), str):
            raise ValueError(f'{name} must be text, such as {name} = "{example}", not {file[name]!r}')
    if not isinstance(file.get("one_room", False), bool):
        raise ValueError(f"one_room must be true or false, not {file['one_room']!r}")
    _check_names("a way to put messages into a frame, for messages", [file.get("messages", "one")], packing.PACKINGS)
    room = file.get("room", ID)
    is_list = isinstance(room, list) and len(room) > 1 and all(isinstance(one, str) for one in room)
    if not is_list and not (isinstance(room, str) and ID in room):
        raise ValueError(
            f'room must be a template with $ID, such as room = "lobby-$ID-$NAME", or a list of two or more rooms,'
            f" not {room!r}"
        )


def _check_code(ours: str, theirs: object) -> None:
    _check_names("a labkit close code, for [codes]", [ours], [str(code) for code in TABLE])
    if isinstance(theirs, str):
        _check_names(f"an answer, for [codes] {ours}", [theirs], (*TYPES, NOTHING))
    elif isinstance(theirs, bool) or not isinstance(theirs, int) or theirs not in CODES:
        raise ValueError(
            f"[codes] {ours} must be a close code from 1000 to 4999 or an answer in quotes, not {theirs!r}"
        )


def _check_names(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise ValueError(f"{name!r}{nearest(name, names)} is not {what}; use one of {', '.join(names)}")


def _table(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"[{name}] must be a table with lines NAME = VALUE, not {value!r}")
    return value


def _list(name: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"[without] {name} must be a list of names in quotes, not {value!r}")
    return value


def _inside(message: Mapping[str, Any], path: str) -> Any:
    value: Any = message
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _reversed(names: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in names.items()}
