"""A dialect: what another server calls our messages, fields and close codes. Read from TOML.

path = "/ws"              where its WebSocket is; the URL's own path otherwise
[types]                   ours = "theirs"
chat = "message"
[fields]
roomId = "channel"
[codes]                   a code of ours, and what it closes with instead
4403 = 1008
[without]                 chapters or probes that make no sense there
probes = ["storms", "heartbeat/4"]
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLES = {"types", "fields", "codes", "without", "path"}


class BadDialect(ValueError):
    """A dialect file that cannot be used; the message names the file and the fault."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Names in both directions. Without a file: the names of DESIGN."""

    types: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[int, int] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    path: str | None = None

    def said(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message of ours in their words."""
        typed = dict(message)
        if isinstance(typed.get("type"), str):
            typed["type"] = self.types.get(typed["type"], typed["type"])
        return {self.fields.get(name, name): value for name, value in typed.items()}

    def heard(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message of theirs in our words."""
        names, types = _turned(self.fields), _turned(self.types)
        typed = {names.get(name, name): value for name, value in message.items()}
        if isinstance(typed.get("type"), str):
            typed["type"] = types.get(typed["type"], typed["type"])
        return typed

    def code(self, code: int) -> int:
        """What they close with where we close with `code`."""
        return self.codes.get(code, code)

    def leaves_out(self, probe_id: str) -> bool:
        """Whether a probe makes no sense there."""
        return probe_id in self.without or probe_id.partition("/")[0] in self.without


def read_dialect(path: Path) -> Dialect:
    """The dialect in a file. Raises BadDialect."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        codes = {int(ours): int(theirs) for ours, theirs in table.get("codes", {}).items()}
        without = tuple(table.get("without", {}).get("probes", ()))
        dialect = Dialect(table.get("types", {}), table.get("fields", {}), codes, without, table.get("path"))
        unknown = sorted(set(table) - TABLES)
    except (OSError, ValueError, TypeError, AttributeError) as error:  # TOML's own errors are ValueErrors
        raise BadDialect(f"cannot read the dialect {path}: {error}") from None
    if unknown:
        raise BadDialect(f"{path}: there is no {unknown[0]!r}; there are {', '.join(sorted(TABLES))}")
    return dialect


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in names.items()}
