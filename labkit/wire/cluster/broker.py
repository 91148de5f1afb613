"""The interface of a broker: a log that all servers read in the same order, and broadcasts."""

from typing import Protocol


class LogMessage(Protocol):
    """A message in the log. `place` is its position, from 1. `at` is the broker's time in seconds since 1970."""

    @property
    def place(self) -> int:
        """The message's position in the log."""

    @property
    def at(self) -> float:
        """The time at which the message was appended."""

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
        """Handle that the log was read to its end: `publish` accepts messages again."""

    def on_down(self) -> None:
        """Handle a lost broker: `publish` accepts no messages until the next `on_up`."""


class Broker(Protocol):
    """A message broker; see labkit.brokers."""

    epoch: str
    is_up: bool

    async def open(self) -> None:
        """Connect, and read the log's epoch."""

    async def follow(self, place: int, listener: Listener, /) -> None:
        """Read the log from after `place` to its end, then return."""

    async def close(self) -> None:
        """Send the queued messages, then disconnect."""

    def publish(self, topic: str, body: bytes, message_id: str) -> bool:
        """Append a message to the log. Return False if the log is unavailable right now."""

    def broadcast(self, body: bytes) -> None:
        """Send a message to every connected server."""

    def rewind(self, place: int) -> None:
        """Read the log again, from after `place`."""
