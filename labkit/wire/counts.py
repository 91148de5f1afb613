"""A server's counters since it started. They are plain numbers, so counting is cheap.

`wire.http.metrics` exports them in the Prometheus format.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """All counters. `closed` is grouped by close code, `refused` by HTTP status, and `errors` by error code."""

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
