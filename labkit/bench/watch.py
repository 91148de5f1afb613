"""Watches a room server from outside, as its operator: GET /connections and GET /metrics, again and again.

    watch = Watch(url, ops_token)
    watch.look()                 # blocking, some milliseconds; raises OSError while the server is down
    watch.seen.connections       # a `Line` per connection
    watch.store                  # totals over time
    watch.closes                 # close codes as they happened

It works for a server on another machine as well. Taught in notebooks 05 (heartbeat) and 06 (slow consumers).
"""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from labkit.metrics import Store

TIMEOUT_S = 2.0
COUNTS_EVERY_S = 1.0
RATES = {"labkit_received": "received a second", "labkit_delivered": "delivered a second"}
CLOSES_KEPT = 200


class Line(NamedTuple):
    """One connection: sizes in bytes, times in milliseconds, -1 for what is not known."""

    connection_id: str
    user: str
    rooms: str
    round_trip_ms: float
    ours: float
    kernel: float
    oldest_ms: float
    sent: float


class Closed(NamedTuple):
    """So many connections that ended with one code between two looks."""

    at: float
    code: str
    times: int


@dataclass(frozen=True)
class Seen:
    """What one look saw."""

    at: float = 0.0
    connections: tuple[Line, ...] = ()
    rooms: Counter[str] = field(default_factory=Counter)


class Watch:
    """One server, seen from outside. Not for several threads at once."""

    def __init__(self, url: str, ops_token: str, store: Store | None = None) -> None:
        self.store = store or Store()
        self.seen = Seen()
        self.closes: deque[Closed] = deque(maxlen=CLOSES_KEPT)
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "wss" else HTTPConnection
        self._http = kind(parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80), timeout=TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {ops_token}"}
        self._counts: dict[str, float] = {}
        self._counted_at = 0.0

    def look(self) -> Seen:
        """Look once. Raises OSError (PermissionError for a wrong bearer)."""
        lines = tuple(_line(each) for each in json.loads(self._get("/connections")))
        rooms = Counter(room for line in lines for room in line.rooms.split())
        self.seen = Seen(time(), lines, rooms)
        self.store.add("connections", len(lines))
        self.store.add("largest buffer, ours", max((line.ours for line in lines), default=0))
        self.store.add("largest buffer, the kernel's", max((line.kernel for line in lines), default=0))
        self.store.add("oldest undelivered ms", max((line.oldest_ms for line in lines), default=0))
        if self.seen.at - self._counted_at >= COUNTS_EVERY_S:
            self._count(self._get("/metrics").decode())
        return self.seen

    def close(self) -> None:
        """Hang up."""
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
        """Rates and close codes are differences of counters; a counter that fell belongs to a new server."""
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
                self.closes.append(Closed(now, name.removeprefix("closed "), int(grown)))


def _line(told: dict[str, Any]) -> Line:
    return Line(
        told["connectionId"],
        told["userId"] or "(not authenticated)",
        " ".join(told["rooms"]),
        _number(told["roundTripMs"]),
        _number(told["outboxBytes"]),
        _number(told["kernelBytes"]),
        _number(told["oldestMs"]),
        _number(told["sent"]),
    )


def _number(told: float | None) -> float:
    return -1.0 if told is None else float(told)


def _counters(page: str) -> dict[str, float]:
    """The counters of a Prometheus page, `closed CODE` for those of the close codes."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == "labkit_closed_total":
                found[f"closed {sample.labels['code']}"] = sample.value
            elif family.name in RATES and sample.name.endswith("_total"):
                found[family.name] = sample.value
    return found
