"""A dialect: what another server calls our messages, fields and close codes. Read from TOML; docs/dialect.md has a
worked example.

path = "/ws"              where its WebSocket is; the URL's own path otherwise
[types]                   ours = "theirs"
chat = "message"
[fields]
roomId = "channel"
text = "payload.message"  a field inside another
[more.join]               what else a message must say; $UNIQUE is drawn anew each time
nick = "$UNIQUE"
[known.pong]              what a message of theirs says that means this one of ours, where its type is not enough
"payload.ok" = true
[codes]                   a code of ours, and what it closes with, or answers with, instead
4403 = 1008
1008 = "error"
1013 = "nothing"          they go on without a word
[without]
probes = ["storms", "heartbeat/4"]        chapters or probes that make no sense there
messages = ["auth"]                       what cannot be said to it
answers = ["joined", "chat"]              what it does not tell to the one who asked or spoke
meaning = ["welcome"]                     its own messages that answer nothing, and are passed over
"""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.review.dialect_words import NOTHING as NOTHING
from labkit.review.dialect_words import WITHOUT, check
from labkit.text import files as text_files

ONLY_SAID = ("auth", "refresh", "join", "leave", "ping")  # by clients: no server says these
UNIQUE = "$UNIQUE"
THEIRS = "their "  # before a word of theirs that means something else here


class BadDialect(ValueError):
    """A dialect file that cannot be used; the message names the file and the fault."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Names in both directions. Without a file: the names of docs/protocol.md."""

    types: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    codes: Mapping[int, int | str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    no_messages: tuple[str, ...] = ()
    no_answers: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    path: str | None = None

    def said(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message of ours in their words."""
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

    def heard(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message of theirs in our words."""
        names = _turned(self.fields)
        types = self._types_heard()
        typed = {names.get(name, name): value for name, value in message.items()}
        nested = {ours: _inside(message, theirs) for ours, theirs in self.fields.items() if "." in theirs}
        typed |= {ours: value for ours, value in nested.items() if value is not None}
        if isinstance(typed.get("type"), str):
            word = typed["type"]  # one of ours that the file says otherwise is another word there
            typed["type"] = types.get(word, THEIRS + word if word in self.types else word)
        for ours, marks in self.known.items():
            if all(_inside(message, path) == value for path, value in marks.items()):
                return typed | {"type": ours}
        return typed

    def passes_over(self, said: Mapping[str, Any]) -> bool:
        """Whether a message, in our words, is one of theirs that answers nothing."""
        word = said.get("type")
        return (
            isinstance(word, str)
            and word.removeprefix(THEIRS) in self.passed_over
            and (word.startswith(THEIRS) or word not in self._types_heard().values())
        )

    def marks_passed_over(self) -> list[dict[str, Any]]:
        """By which fields, in their words, what answers nothing is known."""
        kind = self.fields.get("type", "type")
        own = [dict(self.known.get(word, {kind: word})) for word in self.passed_over]
        return [{kind: self.types.get("reconnect", "reconnect")}, *own]

    def _types_heard(self) -> dict[str, str]:
        return _turned({ours: theirs for ours, theirs in self.types.items() if ours not in ONLY_SAID})

    def code(self, code: int) -> int:
        """What they close with where we close with `code`."""
        theirs = self.codes.get(code, code)
        return theirs if isinstance(theirs, int) else code

    def answer(self, code: int) -> str | None:
        """The type that they answer with where we close with `code`, or NOTHING; None where they close as well."""
        theirs = self.codes.get(code)
        return theirs if isinstance(theirs, str) else None

    def lacks(self, *types: str) -> bool:
        """Whether this is another server's dialect that names none of these types of ours."""
        return bool(self.types) and not any(name in self.types for name in types)

    def leaves_out(self, probe_id: str) -> bool:
        """Whether a probe makes no sense there."""
        return probe_id in self.without or probe_id.partition("/")[0] in self.without


def read_dialect(path: Path) -> Dialect:
    """The dialect in a file. Raises BadDialect, also for a word that is not one of ours."""
    try:
        table = tomllib.loads(text_files.read(path))
        check(table)
    except OSError as error:
        raise BadDialect(f"cannot read the dialect {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # TOML's own errors are ValueErrors
        raise BadDialect(f"cannot use the dialect {path}: {error}") from None
    codes = {int(ours): theirs for ours, theirs in table.get("codes", {}).items()}
    probes, messages, answers, meaning = (tuple(table.get("without", {}).get(kind, ())) for kind in WITHOUT)
    types, names, more, known = (dict(table.get(kind, {})) for kind in ("types", "fields", "more", "known"))
    return Dialect(types, names, more, known, codes, probes, messages, answers, meaning, table.get("path"))


def _inside(message: Mapping[str, Any], path: str) -> Any:
    value: Any = message
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in names.items()}
