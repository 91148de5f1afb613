"""The plan of a deploy drill. The fault of version 2 is drawn from the seed.

Each fault is a limit that somebody set wrong. It hurts clients in a way that `/metrics` shows, but stores nothing
wrong: whether an event is lost depends on the rollback alone.
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

ROOMS = 4
ROOMS_EACH = 2


class Fault(NamedTuple):
    """What version 2 gets wrong: its settings, and what they do to clients."""

    name: str
    settings: tuple[str, ...]
    harm: str


FAULTS = (
    Fault("few connections", ("connections=3",), "most clients are refused with HTTP 503"),
    Fault("few per address", ("connections_per_address=2",), "clients behind one address are refused with HTTP 503"),
    Fault("low rate", ("messages_per_s=1", "message_burst=2"), "publications get `rate_limited`, then 4429"),
    Fault("slow admission", ("handshakes_per_s=0.2",), "reconnecting clients are closed with 1013 `busy`"),
)


@dataclass(frozen=True)
class DeployPlan:
    """The parameters of a drill. `rate`: messages per second, all clients together. Raises ValueError.

    Version 2 goes live after `before_s`. The operator has `decide_s` to roll back. Clients publish for `after_s` more,
    and until `events` are acked if version 1 is back.
    """

    events: int = 10_000
    before_s: float = 8.0
    decide_s: float = 20.0
    after_s: float = 12.0
    clients: int = 12
    rate: float = 400.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.clients < 4:
            raise ValueError(f"a drill needs at least 4 clients, or no fault would show; {self.clients} are too few")
        if min(self.before_s, self.decide_s, self.after_s, self.rate) <= 0 or self.events < 1:
            raise ValueError("seconds, rate and events must be above 0")

    @property
    def fault(self) -> Fault:
        """The fault of version 2."""
        return Random(f"deploy {self.seed}").choice(FAULTS)
