"""What a torture does when: a plan drawn from a seed, so that a bad run can be run again. Pure.

Kills come at even distances with a shake; between two of them one line is stalled, one torn, half of them parted.
Taught in notebook 10 (beyond one process).
"""

from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

Do = Literal["kill", "kill broker", "stall", "reset", "part", "part broker"]
BROKERS: tuple[Do, ...] = ("part broker",)
SHAKE = 0.35  # of the distance between two kills
CALM = 0.06  # of the whole time, at each end, without kills
BROKER_EVERY = 5  # this kill, and each so many after it, is the broker's


@dataclass(frozen=True)
class TorturePlan:
    """`rate`: messages a second, all clients together. Raises ValueError."""

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
            raise ValueError("there cannot be fewer than no kills")
        if not 0 < self.seconds < 1e6 or not 0 < self.rate < 1e6:
            raise ValueError("seconds and rate must be more than nothing, and less than a million")
        if self.kills and self.seconds / self.kills < 1:
            raise ValueError(f"{self.kills} kills in {self.seconds:g} s leave no time to start again; allow 1 s each")

    @property
    def has_broker(self) -> bool:
        """Several servers share their rooms through a broker; one needs none."""
        return self.servers > 1


class Step(NamedTuple):
    """At so many seconds, do this to a server (by number; of no meaning for lines), for so long."""

    at_s: float
    do: Do
    server: int = 0
    seconds: float = 0.0
    draw: float = 0.0  # 0 to 1: which connection


def schedule(plan: TorturePlan) -> list[Step]:
    """All steps, in order. The same plan is the same schedule."""
    rng = Random(f"torture {plan.seed}")
    begins, lasts = plan.seconds * CALM, plan.seconds * (1 - 2 * CALM)
    spacing = lasts / max(1, plan.kills)
    steps: list[Step] = []
    for number in range(max(1, plan.kills)):
        middle = begins + (number + 0.5) * spacing
        if plan.kills:
            at_s = middle + rng.uniform(-SHAKE, SHAKE) * spacing
            is_broker = plan.has_broker and number % BROKER_EVERY == BROKER_EVERY // 2
            steps.append(Step(at_s, "kill broker" if is_broker else "kill", rng.randrange(plan.servers)))
        steps += _between(plan, rng, middle - spacing / 2, spacing)
    return sorted(steps)


def _between(plan: TorturePlan, rng: Random, begins: float, spacing: float) -> list[Step]:
    """What the network does between two kills."""
    kinds: tuple[Do, ...] = ("stall", "reset", "part", *BROKERS) if plan.has_broker else ("stall", "reset", "part")
    lasts = min(3.0, spacing / 2)
    return [
        Step(
            begins + rng.random() * spacing * 0.9,
            kind,
            rng.randrange(plan.servers),
            rng.uniform(lasts / 4, lasts),
            rng.random(),
        )
        for kind in kinds
    ]
