"""Faults in how the server handles reconnect storms and floods."""

from types import MappingProxyType

from labkit.broken.planted import Planted
from labkit.rules.actions import Close
from labkit.rules.session import Session
from labkit.wire.hub import Hub


class WindowIsToldOnce(Planted):
    """`auth_ok` contains the reconnect window, but no update follows when more clients connect."""

    found_by = ("storms/2",)

    def plant(self, hub: Hub) -> None:
        hub._crowd.changed = lambda _: False  # type: ignore[assignment, method-assign]


class OneSlotForAll(Planted):
    """Every refused client gets the same slot, so the whole storm returns at once."""

    found_by = ("storms/3",)

    def plant(self, hub: Hub) -> None:
        too_fast = hub.state.admission.too_fast
        hub.state.admission.too_fast = lambda: None if too_fast() is None else 1000  # type: ignore[method-assign]


class NoRateLimit(Planted):
    """A connection may send as many messages as it likes."""

    found_by = ("storms/4", "storms/5")
    faulty_limits = MappingProxyType({"messages_per_s": None})


class FloodIsNeverEnded(Planted):
    """Messages above the rate limit are refused, but the connection is never closed."""

    found_by = ("storms/5",)

    class session(Session):
        def _strike(self, now: float) -> Close | None:
            return None
