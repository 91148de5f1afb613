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
    text_chars: float = 1000  # of one chat
    declared: frozenset[str] = frozenset()  # the limits that somebody has stated; the others are assumed

    @classmethod
    def of(cls, given: Self | Mapping[str, float] | None) -> Self:
        """Build limits from a mapping, with defaults for those that it omits. Raises BadPromise."""
        return cls().updated(given)

    def updated(self, given: Self | Mapping[str, float] | None) -> Self:
        """Return a copy with the limits that `given` states. Raises BadPromise."""
        if isinstance(given, Mapping):
            return self.set_lines(f"{name}={value}" for name, value in given.items())
        if given is None:
            return self
        stated = {name: getattr(given, name) for name in given.declared}
        return replace(self if given.declared else given, **stated, declared=self.declared | given.declared)

    def set_lines(self, lines: Iterable[str]) -> Self:
        """Return a copy with some limits changed by lines such as `auth_timeout_s=1`; `off` means no limit."""
        known, changed = list(limit_names()), {}
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
        return replace(self, **changed, declared=self.declared | set(changed))


def limit_names() -> tuple[str, ...]:
    """Return the names of the limits that a server may state."""
    return tuple(one.name for one in fields(Promised) if one.name != "declared")
