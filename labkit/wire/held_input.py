"""Messages of clients that must wait: kept in order, and received once their client may go on.

    hold      a join waits for space in the outbox, or a credential for the log
    release   what came meanwhile is received, in the order in which it came

A client may be held for several reasons at once; it goes on when the last one is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.wire.member import Member


@dataclass(slots=True)
class _Held:
    reasons: int = 0
    messages: list[bytes] = field(default_factory=list)


class HeldInput:
    """The clients of one server whose messages wait. `receive` is given each message when its time has come."""

    def __init__(self, receive: Callable[[Member, bytes], None]) -> None:
        self._receive = receive
        self._held: dict[Member, _Held] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, member: Member) -> None:
        """Keep this client's messages from now on. Pair it with one `release`, or with `drop`."""
        self._held.setdefault(member, _Held()).reasons += 1

    def keep(self, member: Member, raw: bytes) -> bool:
        """Keep a message, if its client is held; whether it is."""
        held = self._held.get(member)
        if held is None:
            return False
        held.messages.append(raw)
        return True

    def kept(self, member: Member) -> int:
        """How many messages of a client wait."""
        held = self._held.get(member)
        return 0 if held is None else len(held.messages)

    def release(self, member: Member) -> None:
        """One reason to wait is gone; after the last one, receive what waits."""
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
        """The connection is closing: nothing of it is acted on any more."""
        self._held.pop(member, None)
