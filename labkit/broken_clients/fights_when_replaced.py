"""4409 is taken for a passing fault: two tabs of one session throw each other out for ever."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode

FOUND_BY = ("codes/2",)


class Fighting(Backoff):
    """Takes one final code for a passing one."""

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait."""
        return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.REPLACED else code, reason)


class Broken(Planted):
    """Our client with this fault."""

    backoff = Fighting
