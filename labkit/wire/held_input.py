"""Hold the messages of clients that must wait, and process them in order afterwards.

    hold      a join waits for outbox space, or a credential for the log
    release   the held messages are processed, in the order of arrival

A client may be held for several reasons at once; it continues after the last one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.wire.member import Member


@dataclass(slots=True)
class _Held:
    reasons: int = 0
    messages: list[bytes] = field(default_factory=list)


class HeldInput:
    """The held clients of one server. `receive` gets each message once its client is released."""

    def __init__(self, receive: Callable[[Member, bytes], None]) -> None:
        self._receive = receive
        self._held: dict[Member, _Held] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, member: Member) -> None:
        """Hold a client's messages from now on. Pair with one `release`, or with `drop`."""
        self._held.setdefault(member, _Held()).reasons += 1

    def keep(self, member: Member, raw: bytes) -> bool:
        """Keep a message if its client is held; return whether it is."""
        held = self._held.get(member)
        if held is None:
            return False
        held.messages.append(raw)
        return True

    def kept(self, member: Member) -> int:
        """Return the number of a client's held messages."""
        held = self._held.get(member)
        return 0 if held is None else len(held.messages)

    def release(self, member: Member) -> None:
        """End one reason to wait; after the last one, process the held messages."""
        held = self._held.get(member)
        if held is None:
            return
        held.reasons -= 1
        if held.reasons:
            return
        del self._held[member]
        for raw in held.messages:
            if member.session.listens:
                self._receive(member, raw)

    def drop(self, member: Member) -> None:
        """Forget a closing client and its messages."""
        self._held.pop(member, None)
