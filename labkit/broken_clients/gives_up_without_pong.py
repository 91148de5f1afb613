"""4408 is taken for final: a phone that was in a tunnel does not come back."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode

FOUND_BY = ("codes/3",)


class GivingUp(Backoff):
    """Takes one passing code for a final one."""

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait."""
        return None if code == CloseCode.HEARTBEAT_TIMEOUT else super().delay(code, reason)


class Broken(Planted):
    """Our client with this fault."""

    backoff = GivingUp
