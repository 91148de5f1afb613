"""Propose lines of a dialect for a message of a server that the review could not read, and write them as TOML."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from labkit.review.dialect import Dialect

KIND_NAMES = ("type", "event", "op", "action", "kind", "cmd", "command", "method", "topic", "t", "name")
Proposal = dict[str, Any]  # a part of a dialect file: {"types": {"joined": "in"}}


def named(dialect: Dialect, kind: str, message: Mapping[str, Any]) -> Proposal:
    """Propose the lines of a dialect that give this message of the server the name `kind`."""
    field = dialect.fields.get("type", "type")
    name = _inside(message, field)
    if not isinstance(name, str):
        found = next((one for one in KIND_NAMES if isinstance(message.get(one), str)), None)
        if found is None:
            return {"known": {kind: _marks(message)}}
        if "type" not in dialect.fields:
            return {"fields": {"type": found}}
        return {"known": {kind: {found: message[found]}}}
    if kind == "chat" or kind in dialect.types or name in dialect.types.values():
        return {"known": {kind: {field: name}}}
    return {"types": {kind: name}}


def spoken(dialect: Dialect, message: Mapping[str, Any], text: str) -> Proposal:
    """Propose the lines of a dialect that recognise this message as a chat with this text."""
    decoded = dialect.decode(message)
    if decoded.get("type") != "chat":
        return named(dialect, "chat", message)
    path = next((path for path, value in _leaves_of(message) if value == text), None)
    return {"fields": {"text": path}} if path else {}


def _marks(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the short constant fields of a message: they may identify it."""
    flat = {path: value for path, value in _leaves_of(message) if isinstance(value, bool | int) or value is None}
    return dict(list(flat.items())[:1])


def _leaves_of(message: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in message.items():
        if isinstance(value, dict):
            yield from _leaves_of(value, f"{before}{name}.")
        else:
            yield before + name, value


def _inside(message: Mapping[str, Any], path: str) -> Any:
    value: Any = message
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def toml_lines(tables: Mapping[str, Any]) -> list[str]:
    """Write a dialect, or a part of one, as the lines of a TOML file."""
    plain = [f"{_key(name)} = {_value(value)}" for name, value in tables.items() if not isinstance(value, Mapping)]
    lines = plain
    for name, table in tables.items():
        if isinstance(table, Mapping):
            inner = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
            lines += [f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in inner.items())] if inner else []
            for key, value in table.items():
                if isinstance(value, Mapping):
                    lines += [f"[{name}.{_key(key)}]", *(f"{_key(one)} = {_value(two)}" for one, two in value.items())]
    return lines


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _value(value: Any) -> str:
    return json.dumps(value)
