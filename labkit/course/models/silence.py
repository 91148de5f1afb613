"""What 05-silence asks for, as a class, and the situations in which an answer is compared with it.

Times are quarters of a second, so that a sum and a difference of two come out the same.
"""

from functools import partial
from random import Random

from labkit.course.models.clock import sooner
from labkit.course.models.situations import Situation, Step, call, label, make

QUIET, PING, DEAD = "quiet", "ping", "dead"
TICK = 0.25


class Reference:
    """What the text asks for. `answered`: how many pings were followed by something that was heard."""

    def __init__(self, ping_s: float, patience_s: float, now: float) -> None:
        self.ping_s, self.patience_s = ping_s, patience_s
        self.heard_at = now
        self.pinged_at: float | None = None
        self.is_dead = False
        self.answered = 0

    def heard(self, now: float) -> None:
        """Begin a new silence."""
        self.answered += self.pinged_at is not None
        self.heard_at, self.pinged_at = now, None

    def due(self, now: float) -> str:
        """Return what to do."""
        if self.is_dead or (self.pinged_at is not None and now >= self.pinged_at + self.patience_s):
            self.is_dead = True
            return DEAD
        if self.pinged_at is None and now >= self.heard_at + self.ping_s:
            self.pinged_at = now
            return PING
        return QUIET

    def next_at(self) -> float:
        """Return when `due` could return something else than quiet."""
        return self.heard_at + self.ping_s if self.pinged_at is None else self.pinged_at + self.patience_s


def time_of(step: Step) -> int | None:
    """Return which argument of a step is the time."""
    return 2 if step[0] == "make" else None if step[1].endswith(".next_at") else 0


smaller = partial(sooner, time_of=time_of)


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: a clock from 0 on that never goes back, and no `next_at` of one that is dead."""
    dogs: dict[str, Reference] = {}
    clocks: dict[str, float] = {}
    for step in situation:
        name, place = label(step), time_of(step)
        if step[0] == "make":
            dogs[name] = Reference(*step[2])
        if (place is None and dogs[name].is_dead) or min(dogs[name].ping_s, dogs[name].patience_s) <= 0:
            return False
        if place is not None and step[2][place] < clocks.get(name, 0):
            return False
        if step[0] == "call":
            getattr(dogs[name], step[1].partition(".")[2])(*step[2])
        if place is not None:
            clocks[name] = step[2][place]
    return True


class Story:
    """A situation that is being written, with the reference at hand; a dog's steps come at times after one another."""

    def __init__(self, rng: Random, *names: str) -> None:
        self.rng = rng
        self.number: type = rng.choice((int, float))  # what a whole number is given as
        self.now: float = rng.choice((0, 0, self.quarter(1000), 1_700_000_000.25))
        self.steps: list[Step] = []
        self.dogs: dict[str, Reference] = {}
        for name in names or ("dog",):
            settings = (self.limit(), self.limit(), self.now)
            self.dogs[name] = Reference(*settings)
            self.steps.append(make(name, *map(self.given, settings)))
        self.dog = next(iter(self.dogs.values()))

    def quarter(self, most: float) -> float:
        """Draw a time from 0 to `most`."""
        return self.rng.randint(0, int(most / TICK)) * TICK

    def limit(self) -> float:
        """Draw a `ping_s` or `patience_s`."""
        return self.rng.choice((0.25, 1, 10, 25, 0.25 + self.quarter(60)))

    def near(self, first: float, last: float) -> float:
        """Draw a time between two, often one of them."""
        return self.rng.choice((first, last, last, first + self.quarter(last - first)))

    def given(self, time: float) -> float:
        """Return a time as a whole number if it is one and this situation writes them so."""
        given: float = self.number(time) if time == int(time) else time
        return given

    def at(self, method: str, now: float, name: str = "dog") -> None:
        """Add a step at this time."""
        self.now = max(self.now, now)
        self.steps.append(call(f"{name}.{method}", self.given(self.now)))
        getattr(self.dogs[name], method)(self.now)

    def next_at(self, name: str = "dog") -> None:
        """Ask for the next time, if that may be asked."""
        if not self.dogs[name].is_dead:
            self.steps.append(call(f"{name}.next_at"))

    def busy(self, most: int) -> None:
        """Add messages and calls of `due`, each before a ping would be due."""
        for _ in range(self.rng.randint(0, most)):
            at = self.near(self.now, self.dog.next_at() - TICK)
            self.at(self.rng.choice(("heard", "due")), at)

    def ping(self, *, is_late: bool = True) -> None:
        """Let a ping be due; it may be late by less than the patience."""
        late = self.rng.choice((0, 0, self.near(0, self.dog.patience_s - TICK)))
        self.at("due", self.dog.next_at() + (late if is_late else 0))

    def looks(self, most: int) -> None:
        """Add calls of `due` before the next time."""
        for _ in range(self.rng.randint(0, most)):
            self.at("due", self.near(self.now, self.dog.next_at() - TICK))

    def die(self) -> None:
        """Let the patience end now, or be over for some time."""
        self.at("due", self.dog.next_at() + self.rng.choice((0, 0, TICK, self.quarter(60))))

    def end(self) -> Situation:
        """Return the situation."""
        return tuple(self.steps)


def draw_quiet(rng: Random) -> Situation:
    """Messages keep arriving."""
    story = Story(rng)
    story.busy(12)
    story.at("due", story.near(story.now, story.dog.next_at() - TICK))
    return story.end()


def draw_ping(rng: Random) -> Situation:
    """Messages, then silence until a ping is due, perhaps with a call a moment before."""
    story = Story(rng)
    story.busy(6)
    story.looks(2)
    story.ping()
    return story.end()


def draw_once(rng: Random) -> Situation:
    """A ping, then calls until a moment before the patience ends."""
    story = Story(rng)
    story.busy(3)
    story.ping(is_late=False)
    story.looks(5)
    story.at("due", story.near(story.now, story.dog.next_at() - TICK))
    return story.end()


def draw_dead(rng: Random) -> Situation:
    """A ping that is not answered until the patience is over."""
    story = Story(rng)
    story.busy(3)
    story.ping()
    story.looks(3)
    story.die()
    return story.end()


def draw_slept(rng: Random) -> Situation:
    """A first call after the ping and the patience should have been over, for a tick or for days."""
    story = Story(rng)
    story.busy(3)
    late = rng.choice((0, TICK, 3600, story.quarter(7 * 86400)))
    story.at("due", story.dog.next_at() + story.dog.patience_s + late)
    story.looks(3)
    if rng.random() < 0.7:
        story.die()
    return story.end()


def draw_again(rng: Random) -> Situation:
    """Pings that are answered at once, in the last moment, or after the patience, when nobody had looked."""
    story = Story(rng)
    for _ in range(rng.randint(1, 3)):
        story.busy(2)
        story.ping()
        story.looks(2)
        patience_ends = story.dog.next_at()
        story.at(
            "heard", rng.choice((story.now, patience_ends - TICK, patience_ends, patience_ends + story.quarter(60)))
        )
        story.looks(2)
    story.ping()
    story.looks(2)
    if rng.random() < 0.7:
        story.die()
    return story.end()


def draw_stays_dead(rng: Random) -> Situation:
    """Messages and calls after the end."""
    story = Story(rng)
    story.busy(2)
    story.ping()
    story.die()
    for _ in range(rng.randint(0, 4)):
        story.at(rng.choice(("heard", "due")), story.now + rng.choice((0, TICK, story.quarter(100))))
    story.at("due", story.now + rng.choice((0, story.dog.ping_s, story.quarter(10_000))))
    return story.end()


def draw_next(rng: Random) -> Situation:
    """Questions for the next time, in every state but the last."""
    story = Story(rng)
    for _ in range(rng.randint(1, 3)):
        for act in (partial(story.busy, 2), story.ping, partial(story.looks, 2)):
            if rng.random() < 0.5:
                story.next_at()
            act()
        story.next_at()
        story.at("heard", story.near(story.now, story.dog.next_at()))
    story.next_at()
    return story.end()


def draw_own(rng: Random) -> Situation:
    """Two watchdogs; of each, what happens near the time that it waits for."""
    story = Story(rng, "one", "two")
    for _ in range(rng.randint(4, 16)):
        name = rng.choice(("one", "two"))
        at = story.dogs[name].next_at() + rng.choice((-TICK, 0, 0, TICK)) if rng.random() < 0.6 else story.now
        story.at(rng.choice(("heard", "due", "due")), at, name)
        if rng.random() < 0.3:
            story.next_at(name)
    return story.end()


# A laptop that slept for an hour.
SLEPT = (make("dog", 25, 10, 0), call("dog.due", 3600), call("dog.due", 3609.75), call("dog.due", 3610))
