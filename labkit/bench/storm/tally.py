"""What a storm is, and what is counted of it: the same on both clocks.

Arrivals are attempts to connect, in bins of 10 ms since the drop; a peak is the worst window of that width anywhere,
not the worst box of a grid. Each is counted when its policy has it due: a thousand real clients in one process may be
late, which says something of this machine and nothing of the policy. How late they were is told beside it.
"""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from labkit.bench.storm.policies import POLICIES, Draws, Policy
from labkit.rules.backoff import STABLE_S
from labkit.rules.close_codes import CloseCode
from labkit.text.nearest import nearest

BIN_S = 0.01
SETTLE_S = 0.5  # from the last join to the drop
JOINS = 0.9  # of the accept rate: nobody is refused before the storm
JOINS_PER_S = 500.0  # where there is no accept rate
MOST_CLIENTS = 1_000_000


class BadStorm(ValueError):
    """A storm that cannot be; the message says what would do."""


@dataclass(frozen=True)
class Plan:
    """`clients` join one after another, all are dropped at once, and the server is back after `down_s`.

    With real sockets the server is killed and started again: how long that took is in the result.
    """

    clients: int = 1000
    policy: str = "ours"
    seed: int = 1
    handshakes_per_s: float | None = 500
    down_s: float = 0.0
    seconds: float = 600.0  # at most so long after the drop

    def __post_init__(self) -> None:
        _require(1 <= self.clients <= MOST_CLIENTS, f"{self.clients} clients; from 1 to {MOST_CLIENTS} will do")
        _require(
            self.policy in POLICIES,
            f"there is no policy {self.policy!r}{nearest(self.policy, POLICIES)}; there are {', '.join(POLICIES)}",
        )
        rate = self.handshakes_per_s
        _require(rate is None or 0 < rate < 1e6, f"an accept rate of {rate} a second; give 1 or more, or off")
        _require(
            0 <= self.down_s < self.seconds < 1e6, "a storm lasts longer than the server is away, and not for ever"
        )

    @property
    def joins_per_s(self) -> float:
        """How fast the clients come in before the storm."""
        return JOINS_PER_S if self.handshakes_per_s is None else JOINS * self.handshakes_per_s

    @property
    def drop_at(self) -> float:
        """Seconds from the first join to the drop, when the joins are on time."""
        return self.clients / self.joins_per_s + SETTLE_S


class StormClient:
    """One client of a storm: its policy, and whether it is in. It knows neither a socket nor a clock."""

    __slots__ = ("in_since", "number", "policy")

    def __init__(self, plan: Plan, number: int) -> None:
        self.number = number
        self.policy: Policy = POLICIES[plan.policy](Draws(plan.seed, number))
        self.in_since: float | None = None

    def let_in(self, now: float, window_ms: float) -> None:
        """auth_ok came."""
        self.in_since = now
        self.policy.told(window_ms)

    def closed(self, now: float, code: int, reason: str) -> float | None:
        """The connection ended, or there was none: seconds until the next try, None for never."""
        if self.in_since is not None and now - self.in_since >= STABLE_S:
            self.policy.proved()
        self.in_since = None
        return self.policy.delay(code, reason)


class Tally:
    """Counts what happens after the drop. Before it, nothing is counted."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dropped_at: float | None = None
        self.refused = 0
        self._bins: dict[int, int] = {}
        self._back: dict[int, float] = {}

    def arrived(self, now: float) -> None:
        """A client tries to connect."""
        if self.dropped_at is not None:
            place = int((now - self.dropped_at) / BIN_S)
            self._bins[place] = self._bins.get(place, 0) + 1

    def let_in(self, now: float, client: StormClient) -> None:
        """A client is in again."""
        if self.dropped_at is not None:
            self._back.setdefault(client.number, now - self.dropped_at)

    def closed(self, code: int) -> None:
        """A connection ended. 1013 is the only refusal in a storm."""
        self.refused += code == CloseCode.TRY_LATER and self.dropped_at is not None

    @property
    def all_back(self) -> bool:
        """Whether every client has been let in since the drop."""
        return len(self._back) == self.plan.clients

    def result(self, mode: str, inside: int, down_s: float, late_s: float = 0.0) -> "StormResult":
        """The figures. `inside`: how many are in at the end."""
        bins = [self._bins.get(place, 0) for place in range(max(self._bins, default=-1) + 1)]
        plan = self.plan
        return StormResult(
            clients=plan.clients,
            policy=plan.policy,
            mode=mode,
            peak_100ms=_worst(bins, 10),
            peak_1s=_worst(bins, 100),
            t99_s=_t99(sorted(self._back.values()), plan.clients),
            lost=plan.clients - inside,
            seed=plan.seed,
            handshakes_per_s=plan.handshakes_per_s,
            down_s=down_s,
            late_s=late_s,
            refused=self.refused,
            arrivals=tuple(sum(bins[at : at + 10]) for at in range(0, len(bins), 10)),
        )


@dataclass(frozen=True)
class StormResult:
    """What one storm was like. `arrivals` are those of each 100 ms since the drop, `refused` the closes 1013 busy.

    `late_s`: how far a real client was behind its policy, at worst, because this machine was busy.
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
        """What `labkit storm --json` prints."""
        told = asdict(self)
        return {name: told[name] for name in ("clients", "policy", "mode", "peak_100ms", "peak_1s", "t99_s", "lost")}

    def __repr__(self) -> str:
        return f"<storm of {self.clients} clients, policy {self.policy}, {self.mode}>"


def _worst(bins: list[int], width: int) -> int:
    """The largest sum of so many neighbours."""
    worst = inside = 0
    for place, count in enumerate(bins):
        inside += count - (bins[place - width] if place >= width else 0)
        worst = max(worst, inside)
    return worst


def _t99(back: list[float], clients: int) -> float | None:
    """When 99 of 100 were in again."""
    place = ceil(0.99 * clients)
    return round(back[place - 1], 3) if len(back) >= place else None


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadStorm(otherwise)
