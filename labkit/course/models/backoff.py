"""What 07-backoff asks for, as a class, and the situations in which an answer is compared with it.

A crowd is a thousand clients: what one wait is drawn from shows only in many of them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import mul
from random import Random
from typing import Any

from labkit.course.models.situations import Situation, Step, call, is_code, make_as, makes, value_as

CLIENTS = 1000
CAP_S = 30.0
LONG_ENOUGH_S = 10
FIRST_LATER = 6  # waits of growing width after the first one
HUGE = 10**30
CROWD = "[{answer}(Random(seed), {0}) for seed in range({1}, {2})]"
CLIENT = "{answer}(Random({1}), {0})"
WAITS = "[one.wait() for one in {kept}]"
ENDED = "[one.ended({0}, {1}) for one in {kept}]"
MANY = "[{kept}.wait() for _ in range({0})]"
Ended = tuple[bool, float]


class Reference:
    """What the text asks for: the width of each wait. `ends`: what the last `ended` was, if no wait came since."""

    def __init__(self, template: str, window_s: float, seed: int, *_: int) -> None:
        self.window_s, self.seed = window_s, seed
        self.tries = 0
        self.ends: Ended | None = None
        self.was_reset = False
        self.history: tuple[Any, ...] = ()  # of what was called
        self.waited: list[list[float]] = []  # by a crowd, each as `standard`

    @property
    def width_s(self) -> float:
        """The width of the next wait."""
        if self.tries == 0:
            return self.window_s
        return max(self.window_s, min(CAP_S, 2.0 ** min(self.tries - 1, FIRST_LATER)))

    def wait(self) -> float:
        """Return the width of this wait."""
        width = self.width_s
        self.tries += 1
        self.history += ("wait",)
        return width

    def ended(self, was_let_in: bool, lived_s: float) -> None:
        """Start over, or not."""
        self.ends = was_let_in, lived_s
        self.history += (self.ends,)
        if is_proved(was_let_in, lived_s):
            self.tries = 0
            self.was_reset = True


def is_proved(was_let_in: bool, lived_s: float) -> bool:
    """Whether a connection was a success."""
    return was_let_in and lived_s >= LONG_ENOUGH_S


def is_even(values: Sequence[float], width_s: float) -> bool:
    """Whether numbers may be drawn evenly from 0 to a width; with 1000 of them, less than 1 in 10**9 is refused.

    Near both ends, in each tenth, at one moment, and by the largest distance from the straight line (Kolmogorov and
    Smirnov).
    """
    ordered, count = sorted(values), len(values)
    if ordered[0] > 0.025 * width_s or ordered[-1] < 0.975 * width_s:
        return False
    places = [bisect_left(ordered, width_s * n / 10) for n in range(11)]
    if min(end - begin for begin, end in pairwise(places)) < count / 25:
        return False
    is_straight = all(abs(ordered[n] / width_s - n / count) < 0.11 for n in range(0, count, 5))
    return is_straight and not heaps(values, width_s)


def heaps(values: Sequence[float], width_s: float) -> bool:
    """Whether more of these come at one moment than an even draw gives; a wait may be rounded to a millisecond."""
    most = max(Counter(round(value, 3) for value in values).values())
    return most > most_at_once(len(values), width_s)


def most_at_once(count: int, width_s: float) -> float:
    """Return how many of so many waits may come in one millisecond: more than that is less likely than 1 in 10**9."""
    return 10 + 5 * count / CLIENTS / width_s


def standard(values: Sequence[float]) -> list[float]:
    """Return numbers with mean 0 and length 1, so that the products of two such lists add up to their correlation."""
    mean = sum(values) / len(values)
    length = sum((value - mean) ** 2 for value in values) ** 0.5
    return [(value - mean) / length for value in values]


def is_drawn_anew(waits: Sequence[float], earlier: Sequence[Sequence[float]]) -> bool:
    """Whether a wait of a crowd follows from none of its earlier ones; all are given as `standard`."""
    return all(abs(sum(map(mul, waits, other))) < 0.2 for other in earlier)


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: a window of at least a fifth of a second, and no negative time or count."""
    for step in situation:
        arguments = step[2][1:] if is_code(step) else step[2]
        if makes(step) and (arguments[0] < 0.2 or (step[2][0] == CROWD and arguments[2] - arguments[1] != CLIENTS)):
            return False
        if any(one < 0 for one in arguments) or (step[2][:1] == (MANY,) and arguments[0] < CLIENTS + 2 * FIRST_LATER):
            return False
    return True


def simpler(value: Any) -> Iterator[Any]:
    """Yield a few simpler numbers: what each costs is a thousand clients."""
    if type(value) in (int, float):
        for less in (0, 1, 3, 10, 31, 1100):
            if less < value:
                yield type(value)(less)


def smaller(situation: Situation) -> Iterator[Situation]:
    """Yield it with other seeds: those of crowds from 0 on, and those of single clients that are equal as 0."""
    yield tuple(_seeded(step, CROWD, 0, CLIENTS) for step in situation)
    for seed in {step[2][2] for step in situation if step[2][:1] == (CLIENT,)}:
        yield tuple(_seeded(step, CLIENT, 0) if step[2][2:] == (seed,) else step for step in situation)


def _seeded(step: Step, template: str, *seeds: int) -> Step:
    verb, name, given = step
    return (verb, name, (*given[:2], *seeds)) if given[:1] == (template,) else step


# Situations.


def crowd(rng: Random, window_s: float, name: str = "crowd") -> Step:
    """Make a thousand clients."""
    first = rng.randrange(10**6)
    return make_as(name, CROWD, window_s, first, first + CLIENTS)


def waits(count: int = 1) -> list[Step]:
    """Let each of the crowd wait, so many times."""
    return [value_as("crowd", WAITS)] * count


def ended(was_let_in: bool, lived_s: float) -> Step:
    """Let the connection of each of the crowd end."""
    return value_as("crowd", ENDED, was_let_in, lived_s)


def narrow(rng: Random) -> float:
    """Draw a window that is narrower than every later wait."""
    return rng.choice((0.2, 0.5, 0.25, 0.75))


def merged(rng: Random, *parts: Sequence[Step]) -> Situation:
    """Return the steps of all parts, each part in its order."""
    left = [list(part) for part in parts]
    steps = []
    while left:
        part = rng.choice(left)
        steps.append(part.pop(0))
        left = [one for one in left if one]
    return tuple(steps)


def draw_own(rng: Random) -> Situation:
    """Two clients of one seed that do the same, and another one between them."""
    seed, window_s = rng.randrange(10**6), rng.choice((0.5, 3))
    acts = ["wait", *(rng.choice(("wait", "wait", "wait", "ended")) for _ in range(rng.randint(1, 5)))]

    def life(name: str, window_s: float, seed: int, acts: Sequence[str]) -> list[Step]:
        given = {"wait": (), "ended": (True, 10.0)}
        return [make_as(name, CLIENT, window_s, seed), *(call(f"{name}.{act}", *given[act]) for act in acts)]

    other = life("other", rng.choice((0.5, 3, 20.0)), seed + 1, acts[: rng.randint(1, len(acts))])
    return merged(rng, life("one", window_s, seed, acts), other, life("same", window_s, seed, acts))


def draw_first(rng: Random) -> Situation:
    """The first wait of crowds with a narrow window, a wider one, and nearly the widest of the later ones."""
    windows = (narrow(rng), rng.choice((1, 2.0, 5, 9)), rng.choice((24, 30, 20.0)))
    named = zip(("few", "some", "many"), windows)
    return tuple(step for name, window_s in named for step in (crowd(rng, window_s, name), value_as(name, WAITS)))


def draw_later(rng: Random) -> Situation:
    """Waits until the last one before the cap."""
    return (crowd(rng, narrow(rng)), *waits(FIRST_LATER))


def draw_anew(rng: Random) -> Situation:
    """Several waits of a crowd."""
    return (crowd(rng, narrow(rng)), *waits(rng.randint(3, FIRST_LATER)))


def draw_cap(rng: Random) -> Situation:
    """Waits of a crowd until after the cap; and an outage of one client that lasts for days."""
    days = value_as("client", MANY, rng.randint(1100, 1600))
    client = make_as("client", CLIENT, narrow(rng), rng.randrange(10**6))
    return (crowd(rng, narrow(rng)), *waits(9), client, days, days)


def draw_wide(rng: Random) -> Situation:
    """Windows that are wider than some of the later waits, than all of them, and than the cap."""
    windows = (rng.choice((1.5, 3, 5.0, 12)), rng.choice((16, 20.0, 29.75, 30)), rng.choice((45, 90.0, 600)))
    steps: list[Step] = []
    for name, window_s in zip(("few", "some", "many"), windows):
        steps.append(crowd(rng, window_s, name))
        steps += [value_as(name, WAITS)] * (FIRST_LATER + 1)
    return tuple(steps)


def draw_proved(rng: Random) -> Situation:
    """Connections that were a success, some exactly as long as it takes; at times one that was none comes after it."""
    steps = [crowd(rng, narrow(rng)), *waits(rng.randint(2, FIRST_LATER))]
    for lived_s in rng.sample((10, 10.25, 3600.0, HUGE), 4):
        failed = [ended(rng.random() < 0.5, 0.0)] if rng.random() < 0.3 else []
        steps += [ended(True, lived_s), *failed, *waits(2)]
    return tuple(steps)


def draw_unproved(rng: Random) -> Situation:
    """Connections that were no success, some by a moment."""
    steps = [crowd(rng, narrow(rng)), *waits(rng.randint(1, 2))]
    for failed in rng.sample(((True, 0), (True, 9.75), (True, 9.999), (False, 10), (False, 3600.0), (False, 0.0)), 6):
        steps += [ended(*failed), *waits()]
    return tuple(steps)
