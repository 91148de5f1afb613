"""What a server has counted since it started: plain numbers, so that counting costs next to nothing.

`GET /metrics` turns them into the Prometheus format, `wire.http.metrics` says how.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Totals. The keys of `closed` are close codes, of `refused` HTTP statuses, of `errors` error codes."""

    handshakes: int = 0
    busy: int = 0
    rejected: int = 0
    received: int = 0
    events: int = 0
    duplicates: int = 0
    delivered: int = 0
    closed: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
