"""What 08-stored-first asks for, as a class, and the situations in which an answer is compared with it."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from labkit.course.models.situations import Result, Situation, Step, call, fill, make, spoil

MADE = '''
def made(errors, replies):
    """Make a desk. A call of store raises the next of errors, 0: none, -1: without a number; a tell publishes."""
    errors, replies = list(errors), list(replies)

    def store(events):
        record("store", events)
        if error := errors.pop(0) if errors else 0:
            raise OSError(error, "it cannot be stored") if error > 0 else OSError()

    def tell(event):
        record("tell", event)
        for reply in replies.pop(0) if replies else ():
            desk.publish(reply)

    desk = Desk(store, tell)
    return desk
'''
Errors = Sequence[int]
Replies = Sequence[Sequence[Any]]


class Event(dict[str, Any]):
    """A dict in a situation. In the answer's process it is a plain one, without a hash."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


class Reference:
    """What the text asks for. `refused` and `replied`: all events of that kind so far."""

    def __init__(self, errors: Errors, replies: Replies) -> None:
        self.errors, self.replies = list(errors), list(replies)
        self.waiting: list[Any] = []
        self.refused: list[Any] = []
        self.replied: list[Any] = []

    def publish(self, event: Any) -> Result:
        """Keep the event."""
        self.waiting.append(event)
        return Result()

    def commit(self) -> Result:
        """Store and tell what waits, or refuse it."""
        batch, self.waiting = self.waiting, []
        if not batch:
            return Result([])
        if self.errors and self.errors.pop(0):
            self.refused += batch
            return Result(batch, calls=(("store", batch),))
        for _ in batch:
            more = self.replies.pop(0) if self.replies else ()
            self.waiting += more
            self.replied += more
        return Result([], calls=(("store", batch), *(("tell", event) for event in batch)))


def simpler_plan(value: Any) -> Iterator[Any]:
    """Yield fewer errors and replies, and simpler events."""
    if isinstance(value, tuple):
        for at, one in enumerate(value):
            yield value[:at] + value[at + 1 :]
            for less in (0,) if type(one) is int and one else simpler_plan(one) if type(one) is tuple else ():
                yield (*value[:at], less, *value[at + 1 :])
    elif value != "a":
        yield "a"


# Situations.

ODD = (None, 0, False, "", 0.0, Event(), Event(text="a"), Event(text="a", seq=1))
# Of the kinds of OSError that have the same number everywhere: no space, I/O, no file, permission, interrupted, a pipe.
KINDS = (28, 5, 2, 13, 4, 32, 30, 27, -1)
COMMIT = "desk.commit"


def event(rng: Random) -> Any:
    """Draw an event; many are equal to others."""
    return rng.choice("aabbc") if rng.random() < 0.85 else rng.choice(ODD)


def published(rng: Random, count: int, desk: str = "desk") -> list[Step]:
    """Publish some events."""
    return [call(f"{desk}.publish", event(rng)) for _ in range(count)]


def rounds(rng: Random, count: int, least: int = 1) -> list[Step]:
    """Publish and commit, several times."""
    return [step for _ in range(count) for step in (*published(rng, rng.randint(least, 4)), call(COMMIT))]


def failing(rng: Random, after: int) -> tuple[int, ...]:
    """Draw errors of which the last one is real."""
    return (*(0,) * after, rng.choice(KINDS))


def draw_told(rng: Random) -> Situation:
    """A store that never fails, and members that reply nothing."""
    return (make("desk", (), ()), *rounds(rng, rng.randint(1, 4)))


def odd_and_many() -> tuple[Situation, ...]:
    """Return each odd event, equal events, and more events than a small queue holds."""
    several = (*((one, "a") for one in ODD), ("a", "a"), ("a", "b", "a"), tuple(map(str, range(300))))
    return tuple(
        (make("desk", (), ()), *(call("desk.publish", one) for one in events), call(COMMIT)) for events in several
    )


def draw_empty(rng: Random) -> Situation:
    """Commits with nothing to store: at the beginning, in between, twice."""
    steps = [make("desk", (), ()), *rounds(rng, rng.randint(0, 4), least=0)]
    return (*steps, call(COMMIT), *rounds(rng, rng.randint(0, 1)), call(COMMIT), call(COMMIT))


def draw_full(rng: Random) -> Situation:
    """A commit that fails, often the first one."""
    good = rng.choice((0, 0, 1, 3))
    return (make("desk", failing(rng, good), ()), *rounds(rng, good + 1))


def draw_later(rng: Random) -> Situation:
    """Commits after one or two that failed."""
    good, bad = rng.choice((0, 0, 1, 2)), rng.choice((1, 1, 2))
    steps = [make("desk", failing(rng, good) + failing(rng, 0) * (bad - 1), ()), *rounds(rng, good + bad)]
    return (*steps, *([call(COMMIT)] * rng.randint(0, 2)), *rounds(rng, rng.randint(0, 2)), call(COMMIT))


def draw_refused(rng: Random) -> Situation:
    """Commits that fail and commits that do not, some with nothing to store."""
    count = rng.randint(1, 5)
    errors = tuple(rng.choice((0, rng.choice(KINDS))) for _ in range(count))
    return (make("desk", errors, ()), *rounds(rng, count, least=rng.choice((0, 1))))


def replies(rng: Random) -> tuple[tuple[Any, ...], ...]:
    """Draw what members reply, event by event."""
    return tuple(tuple(event(rng) for _ in range(rng.choice((0, 1, 1, 2)))) for _ in range(rng.randint(1, 5)))


def draw_meanwhile(rng: Random) -> Situation:
    """Members reply, also to replies, until nothing waits any more."""
    steps = [make("desk", (), replies(rng)), *published(rng, rng.randint(1, 3))]
    desk = Reference(*steps[0][2])
    desk.waiting += [step[2][0] for step in steps[1:]]
    while desk.waiting:
        more = published(rng, rng.choice((0, 0, 1)))
        desk.waiting += [step[2][0] for step in more]
        steps += [*more, call(COMMIT)]
        desk.commit()
    return (*steps, call(COMMIT))


def draw_own(rng: Random) -> Situation:
    """Two desks, with all of it, and lists that the caller clears or fills."""
    steps = [make(name, tuple(rng.choice((0, 0, 28, 5)) for _ in range(4)), replies(rng)) for name in ("one", "two")]
    for _ in range(rng.randint(3, 14)):
        name = rng.choice(("one", "two"))
        done = call(f"{name}.commit")
        steps.append(rng.choice((*published(rng, 1, name), *published(rng, 1, name), done, spoil(done), fill(done))))
    return (*steps, call("two.commit"), call("one.commit"), call("two.commit"))
