"""The broker interface that a server needs: a log with the same order for all servers, and broadcasts."""

from typing import Protocol


class LogMessage(Protocol):
    """One message of the log. `place` counts from 1; `at` is the broker's clock, seconds since 1970."""

    @property
    def place(self) -> int:
        """The position in the log."""

    @property
    def at(self) -> float:
        """When the message was appended."""

    @property
    def body(self) -> bytes:
        """The content of the message."""


class Listener(Protocol):
    """Receives what the broker delivers. Called on the event loop, one call at a time."""

    def on_log_message(self, message: LogMessage, /) -> None:
        """Handle the next message of the log."""

    def on_bus_message(self, body: bytes, /) -> None:
        """Handle a broadcast, from another server or from this one."""

    def on_up(self) -> None:
        """The log has been read to its end, and `publish` accepts messages."""

    def on_down(self) -> None:
        """`publish` accepts no messages until the next `on_up`."""


class Broker(Protocol):
    """See labkit.brokers."""

    epoch: str
    is_up: bool

    async def open(self) -> None:
        """Connect, and read the epoch of the log."""

    async def follow(self, place: int, listener: Listener, /) -> None:
        """Read the log after `place`; return at its end."""

    async def close(self) -> None:
        """Send what is queued, then disconnect."""

    def publish(self, topic: str, body: bytes, message_id: str) -> bool:
        """Append to the log; return False when that is impossible now."""

    def broadcast(self, body: bytes) -> None:
        """Send a message to every server that is connected now."""

    def rewind(self, place: int) -> None:
        """Read the log again after `place`."""
