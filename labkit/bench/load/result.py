"""What a load is, and what came of it. Percentiles are of every delivery, by nearest rank. See bench.load.run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from labkit.text.digits import digits
from labkit.wire.client.address import checked


@dataclass(frozen=True)
class LoadPlan:
    """`rate`: messages a second, all rooms together; None is the closed loop. Raises ValueError."""

    url: str
    token: str = "dev-token"
    rooms: int = 1
    members: int = 10
    rate: float | None = 100.0
    seconds: float = 10.0

    def __post_init__(self) -> None:
        checked(self.url)
        if self.rooms < 1 or self.members < 1:
            raise ValueError("a load needs at least one room and one member in it")
        if not 0 < self.seconds < 1e6 or (self.rate is not None and not 0 < self.rate < 1e6):
            raise ValueError("rate and seconds must be more than nothing, and less than a million")

    def __repr__(self) -> str:
        how = "closed loop" if self.rate is None else f"{digits(self.rate)} messages a second"
        return f"<load: {self.rooms} rooms of {self.members}, {how}, for {digits(self.seconds)} s>"  # no token in it


@dataclass(frozen=True)
class LoadResult:
    """`delivered` counts each member that heard a message; `lost` those that should have and did not.

    Latencies run from when a message was due to when a member heard it. `late_ms`: how late we ourselves were, at
    worst. `refused`: `error` answers by code. `closes`: members that lost their connection, by close code.
    """

    sent: int
    delivered: int
    per_s: float
    p50_ms: float | None
    p99_ms: float | None
    lost: int
    late_ms: float
    refused: dict[str, int]
    closes: dict[int, int]

    def json(self) -> dict[str, Any]:
        """What `labkit load --json` prints."""
        told = asdict(self)
        return {name: told[name] for name in ("sent", "delivered", "per_s", "p50_ms", "p99_ms", "lost")}


def percentile(ordered_s: Sequence[float], percent: float) -> float | None:
    """The smallest latency, in ms, that so many percent do not exceed; None without any."""
    if not ordered_s:
        return None
    return round(1000 * ordered_s[ceil(percent / 100 * len(ordered_s)) - 1], 3)
