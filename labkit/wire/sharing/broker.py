"""What a broker must be, seen from the server: a log with one order for all, and a word to whoever listens."""

from typing import Protocol


class LogMessage(Protocol):
    """One message of the log. `place` counts from 1; `at` is the broker's clock, seconds since 1970."""

    @property
    def place(self) -> int:
        """Where it stands."""

    @property
    def at(self) -> float:
        """When it was written."""

    @property
    def body(self) -> bytes:
        """What was written."""


class Listener(Protocol):
    """Who is told what the broker brings. Called on the event loop, one at a time."""

    def on_log_message(self, message: LogMessage, /) -> None:
        """The next message of the log."""

    def on_bus_message(self, body: bytes, /) -> None:
        """A word from another server, or from ourselves."""

    def on_up(self) -> None:
        """The log is read up to its end, and `publish` takes messages."""

    def on_down(self) -> None:
        """It does not, for now."""


class Broker(Protocol):
    """See labkit.brokers."""

    epoch: str
    is_up: bool

    async def open(self) -> None:
        """Connect, and learn the epoch of the log."""

    async def follow(self, place: int, listener: Listener, /) -> None:
        """Read the log from behind a place; returns at its end."""

    async def close(self) -> None:
        """Send what is on its way, and go."""

    def publish(self, topic: str, body: bytes, message_id: str) -> bool:
        """Add to the log; False when it cannot be now."""

    def broadcast(self, body: bytes) -> None:
        """Say something to every server that listens just now."""

    def rewind(self, place: int) -> None:
        """Read again from behind a place."""
