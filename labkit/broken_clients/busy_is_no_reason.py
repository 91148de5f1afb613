"""1013 is treated as 1006: a busy server gets its clients back at once."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode

FOUND_BY = ("waits/3",)


class Pushing(Backoff):
    """Does not wait the second that a busy server asks for."""

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait."""
        return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.TRY_LATER else code, reason)


class Broken(Planted):
    """Our client with this fault."""

    backoff = Pushing
