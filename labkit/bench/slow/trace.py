"""Compare five policies on one recorded trace: what each costs in loss, staleness and memory.

    trace = record(seed=1)                  # the events of a room, and how fast one member read
    comparison = compare_policies(trace)
    comparison.frame()

Every policy gets the same events and the same slow reader, on a virtual clock.
"""

from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING

from labkit.bench.slow.policies import POLICIES, CloseAndResume, QueuedEvent, SlowPolicy

if TYPE_CHECKING:
    import pandas

STEP_S = 0.005
SECONDS = 60.0
EVENTS_PER_S = 40.0
KEYS = 12  # things that the events are about: jobs, customers, cursors
BYTES = (200, 1200)
SPEEDS = (60_000.0, 0.0, 4_000.0, 60_000.0, 15_000.0, 60_000.0)  # of the reader, in bytes per second, ten seconds each


@dataclass(frozen=True)
class Trace:
    """The events of a room, and how fast one member read during each period."""

    events: tuple[QueuedEvent, ...]
    speeds: tuple[float, ...]
    part_s: float

    def speed(self, now: float) -> float:
        """Return how fast the member read at a given time, in bytes per second."""
        return self.speeds[min(int(now / self.part_s), len(self.speeds) - 1)]


@dataclass(frozen=True)
class Outcome:
    """How one policy handled the trace. Staleness is an event's age in seconds when the member read it."""

    policy: str
    delivered: int
    lost: int
    stale_p50_s: float
    stale_worst_s: float
    peak_bytes: int
    closes: int
    room_waited_s: float

    @property
    def lost_share(self) -> float:
        """The share of events that the member never saw."""
        return self.lost / max(1, self.delivered + self.lost)


@dataclass(frozen=True)
class SlowComparison:
    """The policies on one trace."""

    outcomes: tuple[Outcome, ...]

    def __repr__(self) -> str:
        return f"<{', '.join(outcome.policy for outcome in self.outcomes)}, on one trace>"

    def frame(self) -> "pandas.DataFrame":
        """Return one row per policy. Needs pandas."""
        import pandas

        return pandas.DataFrame([asdict(outcome) for outcome in self.outcomes]).set_index("policy").round(2)


def record(seed: int = 1, seconds: float = SECONDS) -> Trace:
    """Generate the events of a room from a seed: at irregular times, with KEYS keys and different sizes."""
    rng = Random(seed)
    events: list[QueuedEvent] = []
    now = rng.expovariate(EVENTS_PER_S)
    while now < seconds:
        events.append(QueuedEvent(len(events), now, f"thing {rng.randrange(KEYS)}", rng.randint(*BYTES)))
        now += rng.expovariate(EVENTS_PER_S)
    return Trace(tuple(events), SPEEDS, seconds / len(SPEEDS))


def compare_policies(trace: Trace) -> SlowComparison:
    """Replay the trace with every policy."""
    return SlowComparison(tuple(replay(trace, policy()) for policy in POLICIES))


def replay(trace: Trace, policy: SlowPolicy) -> Outcome:
    """Replay the trace with one policy, in steps of STEP_S, until the member has read all that it will ever receive."""
    waiting = list(reversed(trace.events))
    ages: list[float] = []
    sending: QueuedEvent | None = None
    credit, peak, late, room_waited, now = 0.0, 0, 0.0, 0.0, 0.0
    while waiting or policy.queue or sending or policy.away_until:
        policy.tick(now)
        while waiting and waiting[-1].at + late <= now:
            if not policy.offer(waiting[-1], now):
                late += STEP_S  # the publisher waits, and everything after this event is late too
                room_waited += STEP_S
                break
            waiting.pop()
        credit = credit + trace.speed(now) * STEP_S if sending or policy.queue else 0.0
        while sending or policy.queue:
            sending = sending or policy.next()
            if sending is None or credit < sending.bytes:
                break
            credit -= sending.bytes
            ages.append(now - sending.at)
            sending = None
        peak = max(peak, policy.bytes + (sending.bytes if sending else 0))
        now += STEP_S
    ages.sort()
    closes = policy.closes if isinstance(policy, CloseAndResume) else 0
    middle, worst = (ages[len(ages) // 2], ages[-1]) if ages else (0.0, 0.0)
    return Outcome(policy.name, len(ages), policy.lost, middle, worst, peak, closes, room_waited)
