"""The tables and names that a dialect may have. An unknown name is refused: it would silently have no effect."""

from collections.abc import Iterable, Mapping
from typing import Any

from labkit.review import packing
from labkit.review.promised_limits import limit_names
from labkit.rules.close_codes import TABLE
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
WITHOUT = ("probes", "messages", "answers", "meaning", "room")
TABLES = ("types", "fields", "more", "known", "codes", "without", "headers", "limits", "login")
LOGIN = ("path", "method", "body", "type", "token")
PLAIN = ("path", "subprotocol", "room", "one_room", "has_one_room", "messages")  # keys outside the tables
CODES = range(1000, 5000)
ID = "$ID"


def check(file: Mapping[str, Any]) -> None:
    """Check every table, key and value. Raises ValueError for the first invalid one."""
    check_names("a table of a dialect", file, (*TABLES, *PLAIN))
    tables = {name: _table(name, file.get(name, {})) for name in TABLES}
    _check_plain(file)
    check_names("a key of [login]", tables["login"], LOGIN)
    for table in ("headers", "login"):
        for name, value in tables[table].items():
            if not isinstance(value, str):
                raise ValueError(f"[{table}] {name} must be text in quotes, not {value!r}")
    if tables["login"] and not str(tables["login"].get("path", "")).startswith("/"):
        raise ValueError('[login] needs the path of the request, such as path = "/login"')
    for name, number in tables["limits"].items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"[limits] {name} must be a number, not {number!r}")
    check_names("a limit of the review, for [limits]", tables["limits"], limit_names())
    without = {name: _list(name, tables["without"].get(name, [])) for name in WITHOUT}
    check_names("a key of [without]", tables["without"], WITHOUT)
    check_names("a labkit message, for [without] messages", without["messages"], FROM_CLIENTS)
    check_names("a labkit message, for [without] room", without["room"], FROM_CLIENTS)
    check_names("a labkit answer, for [without] answers", without["answers"], TYPES)
    check_names("a labkit type, for [types]", tables["types"], TYPES)
    check_names("a labkit field, for [fields]", tables["fields"], FIELDS)
    check_names("a labkit message, for [more.TYPE]", tables["more"], FROM_CLIENTS)
    check_names("a labkit type, for [known.TYPE]", tables["known"], (*TYPES, *without["meaning"]))
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
    for name in ("one_room", "has_one_room"):
        if not isinstance(file.get(name, False), bool):
            raise ValueError(f"{name} must be true or false, not {file[name]!r}")
    check_names("a way to put messages into a frame, for messages", [file.get("messages", "one")], packing.PACKINGS)
    room = file.get("room", ID)
    if file.get("has_one_room", False):
        if "room" in file and not (isinstance(room, list) and len(room) == 1 and isinstance(room[0], str)):
            raise ValueError(
                f'with has_one_room, room is a list of its one name, such as room = ["lobby"], not {room!r}'
            )
        return
    is_list = isinstance(room, list) and len(room) > 1 and all(isinstance(one, str) for one in room)
    if not is_list and not (isinstance(room, str) and ID in room):
        raise ValueError(
            f'room must be a template with $ID, such as room = "lobby-$ID-$NAME", or a list of two or more rooms,'
            f" not {room!r}; a server with one room has has_one_room = true"
        )


def _check_code(ours: str, theirs: object) -> None:
    check_names("a labkit close code, for [codes]", [ours], [str(code) for code in TABLE])
    if isinstance(theirs, str):
        check_names(f"an answer, for [codes] {ours}", [theirs], (*TYPES, NOTHING))
    elif isinstance(theirs, bool) or not isinstance(theirs, int) or theirs not in CODES:
        raise ValueError(
            f"[codes] {ours} must be a close code from 1000 to 4999 or an answer in quotes, not {theirs!r}"
        )


def check_names(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise ValueError for the first unknown name. `what` says what kind of names they are."""
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
