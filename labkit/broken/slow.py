"""Faults in how the server handles slow consumers."""

from types import MappingProxyType

from labkit.broken.planted import Planted
from labkit.rules.close_codes import CloseCode
from labkit.rules.limits import Limits
from labkit.rules.outbox import NewOutbox, Outbox
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.send_queue import SendQueue


class UnboundedOutbox(Planted):
    """Frames for a slow consumer are queued without any limit on size or age."""

    found_by = ("slow/1", "slow/3")
    reviewed_limits = MappingProxyType({"ping_timeout_s": 8})  # or the heartbeat would act before the reviewer looks

    class send_queue(SendQueue):
        def __init__(self, limits: Limits, _: NewOutbox = Outbox) -> None:
            super().__init__(limits, lambda *_: Outbox(10**12, None))


class CloseWithoutDeadline(Planted):
    """The close frame waits behind unread data, with no deadline for the closing handshake."""

    found_by = ("slow/1", "slow/3", "slow/4", "slow/5")

    class connection(Connection):
        def close(self, code: CloseCode, reason: str | None = None) -> None:
            super().close(code, reason)
            self._deadline = None


class CauseIsForgotten(Planted):
    """The close is logged, but a client that never received the close frame does not learn the cause later."""

    found_by = ("slow/3",)

    def plant(self, hub: Hub) -> None:
        hub.state.sessions.closed_before = lambda _: None  # type: ignore[assignment, method-assign]
