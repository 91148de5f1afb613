"""4403 is taken for a passing fault: a refused credential is tried again and again."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode

FOUND_BY = ("codes/1",)


class Stubborn(Backoff):
    """Takes one final code for a passing one."""

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait."""
        return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.AUTH_FAILED else code, reason)


class Broken(Planted):
    """Our client with this fault."""

    backoff = Stubborn
