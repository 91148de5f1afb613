"""The words of our protocol that a dialect file may translate, and what each of its tables may hold.

A word that nothing looks for would be passed over, and a right server judged wrong: so it is refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from labkit.rules.close_codes import TABLE
from labkit.text.nearest import nearest

SAID = (
    "auth",
    "refresh",
    "join",
    "leave",
    "ping",
    "presence",
    "chat",
    "progress",
    "comment",
    "read",
    "alert",
    "exercise",
)
ANSWERED = ("auth_ok", "joined", "left", "pong", "error", "reconnect", "entered", "gone")
TYPES = (*SAID, *ANSWERED)
FIELDS = (
    *("type", "token", "previous", "roomId", "since", "epoch", "seq", "requestId", "text", "jobId", "phase", "percent"),
    *("note", "target", "upTo", "severity", "customer", "exercise", "status", "check", "at", "n", "connectionId"),
    *("userId", "resume", "expiresAt", "pingMs", "reconnect", "windowMs", "previousClose", "code", "reason", "gap"),
    *("access", "id", "sentAt", "duplicate", "members", "message"),
)
NOTHING = "nothing"  # in place of an answer: they go on without a word
WITHOUT = ("probes", "messages", "answers", "meaning")
TABLES = ("types", "fields", "more", "known", "codes", "without")
CODES = range(1000, 5000)


def check(file: Mapping[str, Any]) -> None:
    """Look at every table, key and value of a dialect file. Raises ValueError for the first that means nothing."""
    _known("table", file, (*TABLES, "path"))
    tables = {name: _table(name, file.get(name, {})) for name in TABLES}
    if not isinstance(file.get("path", ""), str):
        raise ValueError(f'path is text, such as path = "/ws", and not {file["path"]!r}')
    without = {name: _list(name, tables["without"].get(name, [])) for name in WITHOUT}
    _known("key in [without]", tables["without"], WITHOUT)
    _known("message of ours, in [without] messages,", without["messages"], SAID)
    _known("answer of ours, in [without] answers,", without["answers"], TYPES)
    _known("type of ours, in [types],", tables["types"], TYPES)
    _known("field of ours, in [fields],", tables["fields"], FIELDS)
    _known("message of ours, for [more.TYPE],", tables["more"], SAID)
    _known("type of ours, for [known.TYPE],", tables["known"], (*TYPES, *without["meaning"]))
    for name in ("types", "fields"):
        for ours, theirs in tables[name].items():
            if not isinstance(theirs, str) or not theirs:
                raise ValueError(f"[{name}] {ours} is a word of theirs in quotes, and not {theirs!r}")
    for name in ("more", "known"):
        for kind, fields in tables[name].items():
            _table(f"{name}.{kind}", fields)
    for ours, theirs in tables["codes"].items():
        _code(ours, theirs)


def _code(ours: str, theirs: object) -> None:
    _known("close code of ours, in [codes],", [ours], [str(code) for code in TABLE])
    if isinstance(theirs, str):
        _known(f"answer, in [codes] {ours},", [theirs], (*TYPES, NOTHING))
    elif isinstance(theirs, bool) or not isinstance(theirs, int) or theirs not in CODES:
        raise ValueError(f"[codes] {ours} is a close code from 1000 to 4999 or an answer in quotes, and not {theirs!r}")


def _known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise ValueError(f"there is no {what} named {name!r}{nearest(name, names)}; there are {', '.join(names)}")


def _table(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"[{name}] is a table, with a line NAME = VALUE each, and not {value!r}")
    return value


def _list(name: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"[without] {name} is a list of words in quotes, and not {value!r}")
    return value
