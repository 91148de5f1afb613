"""The close frame waits behind what the peer does not read, and nobody waits for its end."""

from labkit.broken.planted import Planted
from labkit.rules.close_codes import CloseCode
from labkit.wire.connection import Connection

FOUND_BY = ("slow/1", "slow/3", "slow/4", "slow/5")


class Polite(Connection):
    """Waits for the peer's answer for ever."""

    def close(self, code: CloseCode, reason: str | None = None) -> None:
        """Send the frame, and no more."""
        super().close(code, reason)
        self._deadline = None


class Broken(Planted):
    """Our server with this fault."""

    connection = Polite
