"""A server's limits, in one frozen object. Each name includes its unit, and None means off.

The constructor rejects impossible combinations, so no other module has to check for them. Change limits with
`--set NAME=VALUE` or `--set NAME=off` on the command line, or in TOML.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from labkit.text.nearest import nearest

OFF = "off"
# In UTF-16 units. Fixed by the protocol, so that no setting can make two servers disagree about a message.
MIN_TOKEN_UNITS = 8
MAX_TOKEN_UNITS = 8192
MAX_TEXT_UNITS = 1000
MAX_NAME_UNITS = 100
MAX_REQUEST_ID_UNITS = 100

LARGEST = 1_000_000_000  # seconds, bytes or items; larger values would overflow dates, socket options or memory


class BadLimit(ValueError):
    """The limit is invalid. The message names the limit, the value, and a valid alternative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one server.

    >>> Limits(ping_interval_s=5, ping_timeout_s=2)
    Limits(ping_interval_s=5, ping_timeout_s=2)
    """

    # Time
    auth_timeout_s: float | None = 5
    ping_interval_s: float | None = 30
    ping_timeout_s: float = 10
    close_deadline_s: float = 1
    # One member's undelivered frames: bytes or age, whichever comes first. Centrifugo also allows 1 MiB, uWebSockets
    # 64 KiB. Neither limits the age, although users do notice being five seconds behind.
    outbox_bytes: int = 1024 * 1024
    outbox_age_s: float | None = 5
    # Without SO_SNDBUF, the kernel buffers 3.7 MB for a stalled reader before anything counts towards outbox_bytes.
    send_buffer_bytes: int | None = 128 * 1024
    # One connection
    messages_per_s: float | None = 50
    message_burst: int = 100
    rooms_per_connection: int = 32
    max_message_bytes: int = 8192
    max_frame_bytes: int = 65536
    # One room
    history_events: int = 256
    dedupe_s: float = 300
    dedupe_entries: int = 10_000
    # The whole server. With too few file descriptors, it lowers `connections` and logs a warning.
    handshakes_per_s: float | None = 500
    connections: int | None = 10_000
    connections_per_address: int | None = 2_500
    # Credentials
    ticket_ttl_s: float = 60
    session_ttl_s: float = 28_800
    # Optimizations (wire.fast). Turn them off to study the plain path, or to compare both.
    fast_path: bool = True

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            _check_positive(name, getattr(self, name))
        _require(
            self.max_frame_bytes >= self.max_message_bytes,
            f"max_frame_bytes={self.max_frame_bytes} is below max_message_bytes={self.max_message_bytes}: "
            "no message of the allowed size would fit into a frame; raise the first or lower the second",
        )
        _require(
            self.outbox_bytes >= self.max_frame_bytes,
            f"outbox_bytes={self.outbox_bytes} is below max_frame_bytes={self.max_frame_bytes}: "
            "a single event could close its member as slow; raise outbox_bytes",
        )
        _require(
            self.messages_per_s is None or self.message_burst >= 1,
            "message_burst must be at least 1, or nobody could send; to lift the limit, set messages_per_s=off",
        )

    def __repr__(self) -> str:
        """Show only the limits that differ from their defaults."""
        changed = (f for f in fields(self) if getattr(self, f.name) != f.default)
        return f"Limits({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in changed)})"

    def set(self, settings: Mapping[str, Any]) -> Self:
        """Return a copy with some limits changed. Values may be strings from a shell. Raises BadLimit."""
        return replace(self, **{name: _parse(name, value) for name, value in settings.items()})

    def set_lines(self, lines: Iterable[str]) -> Self:
        """Return a copy with lines such as `outbox_bytes=65536` or `messages_per_s=off` applied. Raises BadLimit."""
        return self.set(dict(_split(line) for line in lines))


_DEFAULTS = {f.name: f.default for f in fields(Limits)}
_TYPES = {f.name: "bool" if f.type is bool else str(f.type) for f in fields(Limits)}
_MAY_BE_OFF = {name for name, kind in _TYPES.items() if "None" in kind or kind == "bool"}
_MAY_BE_ZERO = {"history_events", "dedupe_entries", "dedupe_s"}


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadLimit(otherwise)


def _check_positive(name: str, value: Any) -> None:
    if _TYPES[name] == "bool":
        _require(isinstance(value, bool), f"{name}={value!r} must be on or off")
        return
    if value is None:
        _require(name in _MAY_BE_OFF, f"{name} cannot be off; the default is {_DEFAULTS[name]}")
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    _require(number and value == value, f"{name}={value!r} is not a number")
    _require("float" in _TYPES[name] or isinstance(value, int), f"{name}={value!r} must be a whole number")
    lowest = 0 if name in _MAY_BE_ZERO else 1e-9
    _require(value >= lowest, f"{name}={value} is too small; the default is {_DEFAULTS[name]}")
    _require(value <= LARGEST, f"{name}={value} is too large; the maximum is {LARGEST}, the default {_DEFAULTS[name]}")


def _split(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    _require(bool(equals), f"{line!r} is not NAME=VALUE; for example outbox_bytes=65536 or messages_per_s=off")
    return name.strip(), value.strip()


def _parse(name: str, value: Any) -> Any:
    _require(
        name in _TYPES, f"there is no limit named {name!r}{nearest(name, _TYPES)}; the limits are {', '.join(_TYPES)}"
    )
    if not isinstance(value, str):
        return value if value is not False or _TYPES[name] == "bool" else None
    if _TYPES[name] == "bool":
        _require(value in {"on", OFF}, f"{name}={value} must be on or off")
        return value == "on"
    if value == OFF:
        return None
    try:
        return int(value) if "float" not in _TYPES[name] else float(value)
    except ValueError:
        raise BadLimit(f"{name}={value} is not a number (or off)") from None
