"""The plan of a storm and its figures, both the same for real and virtual storms.

Arrivals are attempts to connect, in bins of 10 ms since the drop. A peak is the worst window of its width, wherever it
begins. Each attempt counts at the time its policy chose: a thousand real clients in one process may
be late because the machine is busy, so their delay is reported separately.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from labkit.bench.storm.policies import BadStorm, ClientRandom, Policy, check, made, name_of
from labkit.rules.backoff import STABLE_S
from labkit.rules.close_codes import CloseCode

BIN_S = 0.01
TENTH_S = 0.1
OPEN_TIMEOUT_S = 10.0  # from connecting to auth_ok, as in wire.client.link
SETTLE_S = 0.5  # between the last join and the drop
JOINS = 0.9  # share of the accept rate, so that no client is refused before the storm
JOINS_PER_S = 500.0  # without an accept rate
MOST_CLIENTS = 1_000_000
MOST_DOTS = 20_000  # of a larger crowd, a result has no single tries


@dataclass(frozen=True)
class StormPlan:
    """The plan of a storm: `clients` join one by one, all are dropped at once, and the server returns after `down_s`.

    With real sockets the server is killed and restarted, and the result says how long that took.

    With `hash_ms` the server spends that much processor time on each client's password, also if that client has given
    up. It refuses nobody; its accept rate is what its processor can do. A small crowd then `stands_for` a large one:
    the delays and timeouts of 400 clients that stand for 10,000 are divided by 25. Raises BadStorm.
    """

    clients: int = 1000
    policy: Policy = "ours"
    seed: int = 1
    handshakes_per_s: float | None = 500
    down_s: float = 0.0
    seconds: float = 600.0  # the longest run after the drop
    hash_ms: float = 0.0
    stands_for: int | None = None
    capacity: float | None = None  # measured, in passwords per second; None: what hash_ms allows

    def __post_init__(self) -> None:
        check(self.policy)
        _require(
            1 <= self.clients <= MOST_CLIENTS, f"{self.clients} clients are not possible; give from 1 to {MOST_CLIENTS}"
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
        _require(0 <= self.hash_ms <= 1000, f"hash_ms={self.hash_ms} is not possible; give milliseconds from 0 to 1000")
        _require(
            self.stands_for is None or (self.hash_ms > 0 and self.stands_for >= self.clients),
            f"stands_for={self.stands_for} is not possible; give hash_ms, and at least as many as clients",
        )

    @property
    def accept_rate(self) -> float | None:
        """The handshakes per second that the server accepts, or that its processor can do."""
        return (self.capacity or 1000 / self.hash_ms) if self.hash_ms else self.handshakes_per_s

    @property
    def speed(self) -> float:
        """How many times faster than usual the clients' time runs: a slow machine gets slower clients."""
        if self.stands_for is None:
            return 1.0
        share = self.capacity * self.hash_ms / 1000 if self.capacity else 1.0
        return share * self.stands_for / self.clients

    def at_capacity(self, capacity: float) -> "StormPlan":
        """Return this plan for a server with a measured capacity."""
        return replace(self, capacity=capacity)

    @property
    def open_timeout_s(self) -> float:
        """How long a client waits for auth_ok before it gives up."""
        return OPEN_TIMEOUT_S / self.speed

    @property
    def joins_per_s(self) -> float:
        """The rate at which clients join before the storm."""
        rate = None if self.hash_ms else self.handshakes_per_s  # passwords cost something only after the drop
        return JOINS_PER_S if rate is None else JOINS * rate

    @property
    def drop_at(self) -> float:
        """How long after the first join the drop comes, in seconds, if every join is on time."""
        return self.clients / self.joins_per_s + SETTLE_S


class StormClient:
    """One client: its policy, and when it was admitted. It has neither a socket nor a clock."""

    __slots__ = ("in_since", "number", "policy", "speed")

    def __init__(self, plan: StormPlan, number: int) -> None:
        self.number = number
        self.speed = plan.speed
        self.policy = made(plan.policy, ClientRandom(plan.seed, number))
        self.in_since: float | None = None

    def let_in(self, now: float, window_ms: float) -> None:
        """Handle auth_ok."""
        self.in_since = now
        self.told(window_ms)

    def told(self, window_ms: float) -> None:
        """Handle the window that the server sent."""
        self.policy.told(window_ms * self.speed)

    def closed(self, now: float, code: int, reason: str) -> float | None:
        """Handle the end of a connection or a failed attempt.

        Return the seconds until the next attempt; None means never.
        """
        if self.in_since is not None and (now - self.in_since) * self.speed >= STABLE_S:
            self.policy.proved()
        self.in_since = None
        delay = self.policy.delay(code, reason)
        return None if delay is None else delay / self.speed


class Tally:
    """The counts of everything that happens after the drop."""

    def __init__(self, plan: StormPlan) -> None:
        self.plan = plan
        self.dropped_at: float | None = None
        self.refused = 0
        self._bins: dict[int, int] = {}
        self._hashed: dict[int, int] = {}
        self._back: dict[int, float] = {}
        self._tries: list[tuple[float, int]] = []
        self._has_dots = plan.clients <= MOST_DOTS

    def arrived(self, now: float, number: int) -> None:
        """Count an attempt to connect by the client with this number."""
        if self.dropped_at is not None:
            since = now - self.dropped_at
            self._bins[int(since / BIN_S)] = self._bins.get(int(since / BIN_S), 0) + 1
            if self._has_dots:
                self._tries.append((since, number))

    def let_in(self, now: float, client: StormClient) -> None:
        """Record that a client has been admitted again."""
        if self.dropped_at is not None:
            self._back.setdefault(client.number, now - self.dropped_at)

    def hashed(self, now: float, passwords: int = 1) -> None:
        """Count passwords that the server has hashed, whether or not their clients still wait."""
        if self.dropped_at is not None:
            place = int((now - self.dropped_at) / TENTH_S)
            self._hashed[place] = self._hashed.get(place, 0) + passwords

    def closed(self, code: int) -> None:
        """Count a close. In a storm, only 1013 counts as a refusal."""
        self.refused += code == CloseCode.TRY_LATER and self.dropped_at is not None

    @property
    def all_back(self) -> bool:
        """Whether every client has been admitted again since the drop."""
        return len(self._back) == self.plan.clients

    @property
    def is_reported(self) -> bool:
        """Whether the server has reported a password for every client that is back."""
        return sum(self._hashed.values()) >= len(self._back)

    def result(self, mode: str, connected: int, down_s: float, late_s: float = 0.0) -> "StormResult":
        """Return the figures. `connected`: the number of clients connected at the end."""
        bins = list(_dense(self._bins))
        plan = self.plan
        let_in: dict[int, int] = {}
        for at in self._back.values():
            let_in[int(at / TENTH_S)] = let_in.get(int(at / TENTH_S), 0) + 1
        return StormResult(
            clients=plan.clients,
            policy=name_of(plan.policy),
            mode=mode,
            peak_100ms=_worst(bins, 10),
            peak_1s=_worst(bins, 100),
            t99_s=_t99(sorted(self._back.values()), plan.clients),
            lost=plan.clients - connected,
            seed=plan.seed,
            handshakes_per_s=plan.accept_rate,
            down_s=down_s,
            late_s=late_s,
            refused=self.refused,
            arrivals=tuple(sum(bins[at : at + 10]) for at in range(0, len(bins), 10)),
            let_in=_dense(let_in),
            hashed=_dense(self._hashed),
            tries=tuple(sorted(self._tries)),
            back_at=tuple(self._back.get(number) for number in range(plan.clients)) if self._has_dots else (),
        )


@dataclass(frozen=True)
class StormResult:
    """The figures of one storm. `refused` counts closes with 1013 busy.

    Per 100 ms since the drop: `arrivals`, the clients `let_in`, and the passwords `hashed` by a server with `hash_ms`.

    Of up to MOST_DOTS clients also, in seconds since the drop: `tries`, each with the client's number, and by number
    when each client was let in again, `back_at`; None if never.

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
    let_in: tuple[int, ...] = ()
    hashed: tuple[int, ...] = ()
    tries: tuple[tuple[float, int], ...] = ()
    back_at: tuple[float | None, ...] = ()

    @property
    def back(self) -> int:
        """The clients that were let in again."""
        return sum(self.let_in)

    @property
    def late_goodput(self) -> float:
        """The share of the server's work in the second half of the run that let a client in. Without work, 1."""
        half = len(self.hashed) // 2
        done = sum(self.hashed[half:])
        return min(1.0, sum(self.let_in[half:]) / done) if done else 1.0

    @property
    def wasted(self) -> int:
        """The passwords that the server hashed for clients that had already given up."""
        return max(0, sum(self.hashed) - self.back)

    def json(self) -> dict[str, Any]:
        """Return what `labkit storm --json` prints."""
        return {
            name: getattr(self, name)
            for name in ("clients", "policy", "mode", "peak_100ms", "peak_1s", "t99_s", "lost")
        }

    def __repr__(self) -> str:
        return f"<storm of {self.clients} clients, policy {self.policy}, {self.mode}>"


def _dense(bins: dict[int, int]) -> tuple[int, ...]:
    """Return the counts of all bins up to the last one in use."""
    return tuple(bins.get(place, 0) for place in range(max(bins, default=-1) + 1))


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
