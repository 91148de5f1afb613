"""One recorded trace, five policies: what each costs in loss, staleness and memory.

    trace = record(seed=1)                  # what a room said, and how fast one member read
    comparison = compare_policies(trace)
    comparison.frame()

The trace is a value: the same room and the same bad minutes for every policy, on a virtual clock. Taught in
notebook 06 (slow consumers).
"""

from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING

from labkit.bench.slow.policies import POLICIES, CloseAndResume, Frame, Policy

if TYPE_CHECKING:
    import pandas

STEP_S = 0.005
SECONDS = 60.0
EVENTS_PER_S = 40.0
KEYS = 12  # things that the events are about: jobs, customers, cursors
BYTES = (200, 1200)
SPEEDS = (60_000.0, 0.0, 4_000.0, 60_000.0, 15_000.0, 60_000.0)  # of the reader, in bytes a second, ten seconds each


@dataclass(frozen=True)
class Trace:
    """What was said in a room, and how fast one member read during each part of the time."""

    frames: tuple[Frame, ...]
    speeds: tuple[float, ...]
    part_s: float

    def speed(self, now: float) -> float:
        """The reader's bytes a second at a time."""
        return self.speeds[min(int(now / self.part_s), len(self.speeds) - 1)]


@dataclass(frozen=True)
class Outcome:
    """What one policy made of the trace. Staleness is the age of an event when the member read it."""

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
        """Of all events, those that the member never saw."""
        return self.lost / max(1, self.delivered + self.lost)


@dataclass(frozen=True)
class SlowComparison:
    """The policies on one trace."""

    outcomes: tuple[Outcome, ...]

    def __repr__(self) -> str:
        return f"<{', '.join(outcome.policy for outcome in self.outcomes)}, on one trace>"

    def frame(self) -> "pandas.DataFrame":
        """A row a policy. Needs pandas."""
        import pandas

        return pandas.DataFrame([asdict(outcome) for outcome in self.outcomes]).set_index("policy").round(2)


def record(seed: int = 1, seconds: float = SECONDS) -> Trace:
    """A minute in a room, from a seed: events at irregular moments, about a dozen things, of different sizes."""
    rng = Random(seed)
    frames: list[Frame] = []
    now = rng.expovariate(EVENTS_PER_S)
    while now < seconds:
        frames.append(Frame(len(frames), now, f"thing {rng.randrange(KEYS)}", rng.randint(*BYTES)))
        now += rng.expovariate(EVENTS_PER_S)
    return Trace(tuple(frames), SPEEDS, seconds / len(SPEEDS))


def compare_policies(trace: Trace) -> SlowComparison:
    """Every policy on the same trace."""
    return SlowComparison(tuple(replay(trace, policy()) for policy in POLICIES))


def replay(trace: Trace, policy: Policy) -> Outcome:
    """One policy on the trace, in steps of five milliseconds, until the member has read what it ever will."""
    waiting = list(reversed(trace.frames))
    ages: list[float] = []
    sending: Frame | None = None
    credit, peak, late, room_waited, now = 0.0, 0, 0.0, 0.0, 0.0
    while waiting or policy.queue or sending or policy.away_until:
        policy.tick(now)
        while waiting and waiting[-1].at + late <= now:
            if not policy.offer(waiting[-1], now):
                late += STEP_S  # the speaker waits, and everything it has yet to say comes later
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
