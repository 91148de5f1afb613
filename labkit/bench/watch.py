"""Watch a room server from outside, as its operator would: poll GET /connections and GET /metrics.

    watch = Watch(url, ops_token)
    watch.look()                 # blocks some milliseconds; raises OSError while the server is down
    watch.seen.connections       # a `ConnectionRow` per connection
    watch.store                  # totals over time
    watch.closes                 # close codes as they happened

The server may run on another machine.
"""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from labkit.samples import Store

TIMEOUT_S = 2.0
COUNTS_EVERY_S = 1.0
RATES = {"labkit_received": "received per second", "labkit_delivered": "delivered per second"}
CLOSES_KEPT = 200


class ConnectionRow(NamedTuple):
    """One connection, with sizes in bytes and times in milliseconds; -1 means unknown."""

    connection_id: str
    user: str
    rooms: str
    round_trip_ms: float
    outbox: float
    kernel: float
    oldest_ms: float
    sent: float


class CloseCount(NamedTuple):
    """How many connections ended with the same close code between two polls."""

    at: float
    code: str
    times: int


@dataclass(frozen=True)
class Snapshot:
    """The state of the server at one poll."""

    at: float = 0.0
    connections: tuple[ConnectionRow, ...] = ()
    rooms: Counter[str] = field(default_factory=Counter)


class Watch:
    """Polls one server. Not thread-safe."""

    def __init__(self, url: str, ops_token: str, store: Store | None = None) -> None:
        self.store = store or Store()
        self.seen = Snapshot()
        self.closes: deque[CloseCount] = deque(maxlen=CLOSES_KEPT)
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "wss" else HTTPConnection
        self._http = kind(parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80), timeout=TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {ops_token}"}
        self._counts: dict[str, float] = {}
        self._counted_at = 0.0

    def look(self) -> Snapshot:
        """Poll once. Raises OSError (PermissionError for a wrong operations token)."""
        rows = tuple(_row(each) for each in json.loads(self._get("/connections")))
        rooms = Counter(room for row in rows for room in row.rooms.split())
        self.seen = Snapshot(time(), rows, rooms)
        self.store.add("connections", len(rows))
        self.store.add("largest buffer, outbox", max((row.outbox for row in rows), default=0))
        self.store.add("largest buffer, kernel", max((row.kernel for row in rows), default=0))
        self.store.add("oldest undelivered ms", max((row.oldest_ms for row in rows), default=0))
        if self.seen.at - self._counted_at >= COUNTS_EVERY_S:
            self._count(self._get("/metrics").decode())
        return self.seen

    def close(self) -> None:
        """Close the HTTP connection."""
        self._http.close()

    def _get(self, path: str) -> bytes:
        try:
            self._http.request("GET", path, headers=self._headers)
            answer = self._http.getresponse()
            body = answer.read()
        except HTTPException as error:
            self._http.close()
            raise ConnectionError(f"the server hung up: {error!r}") from None
        except OSError:
            self._http.close()
            raise
        if answer.status in (401, 403):
            raise PermissionError(f"the server refuses the operations token (HTTP {answer.status}); see OPS_TOKEN")
        if answer.status != 200:
            raise OSError(f"the server answered HTTP {answer.status} to {path}")
        return body

    def _count(self, page: str) -> None:
        """Derive rates and close codes from counters. A counter that has fallen means that the server was restarted."""
        now, counts = self.seen.at, _counters(page)
        elapsed, before = now - self._counted_at, self._counts
        first = not self._counted_at
        self._counts, self._counted_at = counts, now
        if first:
            return
        for name, title in RATES.items():
            grown = counts.get(name, 0) - before.get(name, 0)
            self.store.add(title, max(0.0, grown) / elapsed)
        for name, value in counts.items():
            grown = value - (before.get(name, 0) if value >= before.get(name, 0) else 0)
            if name.startswith("closed ") and grown:
                self.closes.append(CloseCount(now, name.removeprefix("closed "), int(grown)))


def _row(answer: dict[str, Any]) -> ConnectionRow:
    return ConnectionRow(
        answer["connectionId"],
        answer["userId"] or "(not authenticated)",
        " ".join(answer["rooms"]),
        _number(answer["roundTripMs"]),
        _number(answer["outboxBytes"]),
        _number(answer["kernelBytes"]),
        _number(answer["oldestMs"]),
        _number(answer["sent"]),
    )


def _number(value: float | None) -> float:
    return -1.0 if value is None else float(value)


def _counters(page: str) -> dict[str, float]:
    """Return the counters on a Prometheus page. Counters of close codes are named `closed CODE`."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == "labkit_closed_total":
                found[f"closed {sample.labels['code']}"] = sample.value
            elif family.name in RATES and sample.name.endswith("_total"):
                found[family.name] = sample.value
    return found
