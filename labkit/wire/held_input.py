"""Hold the messages of clients that must wait, and process them in order afterwards.

    hold      a join is waiting for outbox space, or a login for the log
    release   the held messages are processed in the order they arrived

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
    """One server's clients on hold. `receive` gets each held message once its client is released."""

    def __init__(self, receive: Callable[[Member, bytes], None]) -> None:
        self._receive = receive
        self._held: dict[Member, _Held] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, member: Member) -> None:
        """Hold a client's messages from now on. Call `release` once for each hold, or call `drop`."""
        self._held.setdefault(member, _Held()).reasons += 1

    def keep(self, member: Member, raw: bytes) -> bool:
        """If a client is on hold, keep its message. Return whether it is on hold."""
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
        """End one hold. After the last one, process the held messages."""
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
        """Forget a closing client and its held messages."""
        self._held.pop(member, None)
