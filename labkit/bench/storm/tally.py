"""The plan of a storm and its figures, both the same for real and virtual storms.

Arrivals are attempts to connect, in bins of 10 ms since the drop. A peak is the worst window of its width, wherever it
begins. Each attempt counts at the time its policy chose: a thousand real clients in one process may
be late because the machine is busy, so their delay is reported separately.
"""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from labkit.bench.storm.policies import POLICIES, ClientRandom, ReconnectPolicy
from labkit.rules.backoff import STABLE_S
from labkit.rules.close_codes import CloseCode
from labkit.text.nearest import nearest

BIN_S = 0.01
SETTLE_S = 0.5  # between the last join and the drop
JOINS = 0.9  # share of the accept rate, so that no client is refused before the storm
JOINS_PER_S = 500.0  # without an accept rate
MOST_CLIENTS = 1_000_000


class BadStorm(ValueError):
    """The plan of a storm makes no sense; the message says what would."""


@dataclass(frozen=True)
class StormPlan:
    """The plan of a storm: `clients` join one by one, all are dropped at once, and the server returns after `down_s`.

    With real sockets the server is killed and restarted, and the result says how long that took. Raises BadStorm.
    """

    clients: int = 1000
    policy: str = "ours"
    seed: int = 1
    handshakes_per_s: float | None = 500
    down_s: float = 0.0
    seconds: float = 600.0  # the longest run after the drop

    def __post_init__(self) -> None:
        _require(
            1 <= self.clients <= MOST_CLIENTS, f"{self.clients} clients are not possible; give from 1 to {MOST_CLIENTS}"
        )
        _require(
            self.policy in POLICIES,
            f"there is no policy {self.policy!r}{nearest(self.policy, POLICIES)}; use one of {', '.join(POLICIES)}",
        )
        rate = self.handshakes_per_s
        _require(
            rate is None or 0 < rate < 1e6,
            f"an accept rate of {rate} per second is not possible; give 1 or more, or off",
        )
        _require(
            0 <= self.down_s < self.seconds < 1e6,
            "seconds must be more than down_s, so that the storm lasts longer than the outage, and below 1e6",
        )

    @property
    def joins_per_s(self) -> float:
        """The rate at which clients join before the storm."""
        return JOINS_PER_S if self.handshakes_per_s is None else JOINS * self.handshakes_per_s

    @property
    def drop_at(self) -> float:
        """How long after the first join the drop comes, in seconds, if every join is on time."""
        return self.clients / self.joins_per_s + SETTLE_S


class StormClient:
    """One client: its policy, and when it was admitted. It has neither a socket nor a clock."""

    __slots__ = ("in_since", "number", "policy")

    def __init__(self, plan: StormPlan, number: int) -> None:
        self.number = number
        self.policy: ReconnectPolicy = POLICIES[plan.policy](ClientRandom(plan.seed, number))
        self.in_since: float | None = None

    def let_in(self, now: float, window_ms: float) -> None:
        """Handle auth_ok."""
        self.in_since = now
        self.policy.told(window_ms)

    def closed(self, now: float, code: int, reason: str) -> float | None:
        """Handle the end of a connection or a failed attempt.

        Return the seconds until the next attempt; None means never.
        """
        if self.in_since is not None and now - self.in_since >= STABLE_S:
            self.policy.proved()
        self.in_since = None
        return self.policy.delay(code, reason)


class Tally:
    """The counts of everything that happens after the drop."""

    def __init__(self, plan: StormPlan) -> None:
        self.plan = plan
        self.dropped_at: float | None = None
        self.refused = 0
        self._bins: dict[int, int] = {}
        self._back: dict[int, float] = {}

    def arrived(self, now: float) -> None:
        """Count an attempt to connect."""
        if self.dropped_at is not None:
            place = int((now - self.dropped_at) / BIN_S)
            self._bins[place] = self._bins.get(place, 0) + 1

    def let_in(self, now: float, client: StormClient) -> None:
        """Record that a client has been admitted again."""
        if self.dropped_at is not None:
            self._back.setdefault(client.number, now - self.dropped_at)

    def closed(self, code: int) -> None:
        """Count a close. In a storm, only 1013 counts as a refusal."""
        self.refused += code == CloseCode.TRY_LATER and self.dropped_at is not None

    @property
    def all_back(self) -> bool:
        """Whether every client has been admitted again since the drop."""
        return len(self._back) == self.plan.clients

    def result(self, mode: str, connected: int, down_s: float, late_s: float = 0.0) -> "StormResult":
        """Return the figures. `connected`: the number of clients connected at the end."""
        bins = [self._bins.get(place, 0) for place in range(max(self._bins, default=-1) + 1)]
        plan = self.plan
        return StormResult(
            clients=plan.clients,
            policy=plan.policy,
            mode=mode,
            peak_100ms=_worst(bins, 10),
            peak_1s=_worst(bins, 100),
            t99_s=_t99(sorted(self._back.values()), plan.clients),
            lost=plan.clients - connected,
            seed=plan.seed,
            handshakes_per_s=plan.handshakes_per_s,
            down_s=down_s,
            late_s=late_s,
            refused=self.refused,
            arrivals=tuple(sum(bins[at : at + 10]) for at in range(0, len(bins), 10)),
        )


@dataclass(frozen=True)
class StormResult:
    """The figures of one storm. `arrivals` are per 100 ms since the drop, `refused` counts closes with 1013 busy.

    `t99_s` is when 99 of 100 clients were back, or None if that never happened; `lost` counts those that never came
    back. `late_s` is the longest delay of a real client behind its policy, because this machine was busy.
    """

    clients: int
    policy: str
    mode: str
    peak_100ms: int
    peak_1s: int
    t99_s: float | None
    lost: int
    seed: int
    handshakes_per_s: float | None
    down_s: float
    late_s: float
    refused: int
    arrivals: tuple[int, ...]

    def json(self) -> dict[str, Any]:
        """Return what `labkit storm --json` prints."""
        figures = asdict(self)
        return {name: figures[name] for name in ("clients", "policy", "mode", "peak_100ms", "peak_1s", "t99_s", "lost")}

    def __repr__(self) -> str:
        return f"<storm of {self.clients} clients, policy {self.policy}, {self.mode}>"


def _worst(bins: list[int], width: int) -> int:
    """Return the largest sum of `width` consecutive bins."""
    worst = total = 0
    for place, count in enumerate(bins):
        total += count - (bins[place - width] if place >= width else 0)
        worst = max(worst, total)
    return worst


def _t99(back: list[float], clients: int) -> float | None:
    """Return the time at which 99 of 100 clients were back."""
    place = ceil(0.99 * clients)
    return round(back[place - 1], 3) if len(back) >= place else None


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadStorm(otherwise)
