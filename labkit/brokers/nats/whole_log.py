"""Read the whole log once, up to its current end, to compare it with audit files."""

from labkit.brokers.nats.broker import NatsBroker
from labkit.brokers.nats.reader import Message


class _Collector:
    def __init__(self) -> None:
        self.messages: list[Message] = []

    def on_log_message(self, message: Message) -> None:
        self.messages.append(message)

    def on_bus_message(self, body: bytes) -> None:
        pass

    def on_up(self) -> None:
        pass

    def on_down(self) -> None:
        pass


async def whole_log(broker: NatsBroker) -> tuple[str, list[Message]]:
    """Return the log's epoch and all its messages. Opens and closes the broker. Raises LogError."""
    collector = _Collector()
    try:
        await broker.open(waits=False)
        await broker.follow(broker.first - 1, collector)
    finally:
        await broker.close()
    return broker.epoch, collector.messages
