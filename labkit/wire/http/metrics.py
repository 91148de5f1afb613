"""`GET /metrics`: export the server's counters in the Prometheus text format."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from labkit.wire.server_state import ServerState

CONTENT_TYPE = CONTENT_TYPE_LATEST

TOTALS = {
    "handshakes": "completed WebSocket handshakes",
    "busy": "connections closed with a retry slot (1013 busy)",
    "rejected": "credentials rejected",
    "received": "messages received",
    "events": "events published in rooms",
    "duplicates": "published messages recognized as duplicates",
    "delivered": "events sent to members",
}
BY_LABEL = {
    "closed": ("code", "connections closed, by close code"),
    "refused": ("status", "handshakes refused, by HTTP status"),
    "errors": ("code", "error answers, by error code"),
}


class _Collector:
    def __init__(self, state: ServerState, broker_is_up: bool | None) -> None:
        self._state = state
        self._broker_is_up = broker_is_up

    def collect(self) -> Iterator[Metric]:
        counts = self._state.counts
        for name, text in TOTALS.items():
            yield CounterMetricFamily(f"labkit_{name}", text, value=getattr(counts, name))
        for name, (label, text) in BY_LABEL.items():
            family = CounterMetricFamily(f"labkit_{name}", text, labels=[label])
            for key, value in getattr(counts, name).items():
                family.add_metric([str(int(key)) if isinstance(key, int) else key], value)
            yield family
        boxes = [connection.outbox for connection in self._state.connections.values()]
        held = sum(box.queued_bytes + box.in_flight_bytes for box in boxes)
        yield GaugeMetricFamily("labkit_connections", "open connections", value=len(boxes))
        yield GaugeMetricFamily("labkit_rooms", "rooms in memory", value=len(self._state.rooms))
        up = self._broker_is_up
        if up is not None:
            yield GaugeMetricFamily("labkit_broker_up", "1 while the broker's log is readable and fully read", value=up)
        yield GaugeMetricFamily("labkit_outbox_bytes", "undelivered bytes in all outboxes", value=held)


def render(state: ServerState, broker_is_up: bool | None) -> bytes:
    """Build the body of the metrics response."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(state, broker_is_up))
    return generate_latest(registry)
