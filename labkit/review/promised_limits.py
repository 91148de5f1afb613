"""The limits that a server promises. The reviewer needs them to know how long to wait and how much to send.

The defaults are those of the protocol. Limits are written as for `labkit serve`: NAME=VALUE.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

from labkit.text.nearest import nearest


class BadPromise(ValueError):
    """An invalid limit; the message says what is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Limits, named as in `labkit serve --set`; times in seconds, sizes in bytes."""

    auth_timeout_s: float = 5
    ping_interval_s: float = 30  # used if auth_ok has no pingMs
    ping_timeout_s: float = 10
    close_deadline_s: float = 1
    outbox_age_s: float = 5
    outbox_bytes: float = 1024 * 1024
    send_buffer_bytes: float = 1.25 * 1024 * 1024  # the kernel doubles it, and may give the reader the same
    messages_per_s: float = 50
    message_burst: float = 100
    rooms_per_connection: float = 32
    max_message_bytes: float = 8192
    max_frame_bytes: float = 65536
    history_events: float = 256
    handshakes_per_s: float = 500

    @classmethod
    def of(cls, given: Self | Mapping[str, float] | None) -> Self:
        """Build limits from a mapping, with defaults for those that it omits. Raises BadPromise."""
        if isinstance(given, Mapping):
            return cls().set_lines(f"{name}={value}" for name, value in given.items())
        return cls() if given is None else given

    def set_lines(self, lines: Iterable[str]) -> Self:
        """Return a copy with some limits changed by lines such as `auth_timeout_s=1`; `off` means no limit."""
        known, changed = [one.name for one in fields(self)], {}
        for line in lines:
            name, _, value = line.partition("=")
            try:
                changed[name] = 1e9 if value == "off" else float(value)
            except ValueError:
                raise BadPromise(f"{line!r} is not NAME=NUMBER; for example auth_timeout_s=1") from None
            if name not in known:
                raise BadPromise(
                    f"the review uses no limit named {name!r}{nearest(name, known)}; it uses {', '.join(known)}"
                )
        return replace(self, **changed)
