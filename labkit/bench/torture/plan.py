"""The schedule of a torture run. It is drawn from a seed, so that a failing run can be repeated.

Kills come at regular intervals with jitter. Between two of them one connection is stalled, one is reset, and half of
them are partitioned.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

Deed = Literal["kill", "kill broker", "stall", "reset", "part", "part broker"]
BROKERS: tuple[Deed, ...] = ("part broker",)
JITTER = 0.35  # of the interval between two kills
CALM = 0.06  # share of the whole time, at each end, without kills
BROKER_EVERY = 5  # one kill in so many is the broker's


@dataclass(frozen=True)
class TorturePlan:
    """The parameters of a torture run. `rate`: total messages per second across all clients. Raises ValueError."""

    seconds: float = 30.0
    kills: int = 5
    servers: int = 1
    clients: int = 12
    rooms: int = 4
    rate: float = 200.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.servers < 1 or self.clients < 1 or self.rooms < 1:
            raise ValueError("a torture needs at least one server, one client and one room")
        if self.kills < 0:
            raise ValueError("kills must be 0 or more")
        if not 0 < self.seconds < 1e6 or not 0 < self.rate < 1e6:
            raise ValueError("seconds and rate must be above 0 and below a million")
        if self.kills and self.seconds / self.kills < 1:
            raise ValueError(f"{self.kills} kills in {self.seconds:g} s leave no time to restart; allow 1 s each")

    @property
    def has_broker(self) -> bool:
        """Whether several servers share their rooms through a broker."""
        return self.servers > 1


class Disruption(NamedTuple):
    """A fault that begins at `at_s` and lasts for `seconds`.

    `server`: the server's number; unused for connection faults.
    """

    at_s: float
    do: Deed
    server: int = 0
    seconds: float = 0.0
    draw: float = 0.0  # 0 to 1, chooses the connection


def schedule(plan: TorturePlan) -> list[Disruption]:
    """Return all disruptions in order. The same plan gives the same schedule."""
    rng = Random(f"torture {plan.seed}")
    begins, lasts = plan.seconds * CALM, plan.seconds * (1 - 2 * CALM)
    spacing = lasts / max(1, plan.kills)
    steps: list[Disruption] = []
    for number in range(max(1, plan.kills)):
        middle = begins + (number + 0.5) * spacing
        if plan.kills:
            at_s = middle + rng.uniform(-JITTER, JITTER) * spacing
            is_broker = plan.has_broker and number % BROKER_EVERY == BROKER_EVERY // 2
            steps.append(Disruption(at_s, "kill broker" if is_broker else "kill", rng.randrange(plan.servers)))
        steps += _between(plan, rng, middle - spacing / 2, spacing)
    return sorted(steps)


def _between(plan: TorturePlan, rng: Random, begins: float, spacing: float) -> list[Disruption]:
    """Return the network faults between two kills."""
    kinds: tuple[Deed, ...] = ("stall", "reset", "part", *BROKERS) if plan.has_broker else ("stall", "reset", "part")
    lasts = min(3.0, spacing / 2)
    return [
        Disruption(
            begins + rng.random() * spacing * 0.9,
            kind,
            rng.randrange(plan.servers),
            rng.uniform(lasts / 4, lasts),
            rng.random(),
        )
        for kind in kinds
    ]
