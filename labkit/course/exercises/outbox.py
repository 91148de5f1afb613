"""06-outbox: nobody has decided how much memory a slow member may use, so it uses all of it."""

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.property import Property, Wrong
from labkit.course.models.situations import Result, Situation, Step, call, get, label, make, spoil

WRONG_BYTES = Misconception(
    "frames-lost-or-disordered",
    "take does not return what was offered, in the order in which it was offered.",
    "Offer three frames, take them one by one, and compare.",
    "A frame is taken from the wrong end, returned twice, or joined with another.",
    "`self.waiting.popleft()` from a `collections.deque`, with new frames appended on the right.",
)
RAISES = Misconception(
    "outbox-raises",
    "A full or empty outbox raises, so one slow member ends the loop that serves the room.",
    "What happens when nothing is waiting, and what when the limit is reached?",
    "A full outbox is a result here, not an error: the caller decides what happens to the member.",
    "Return False when a frame does not fit; return [] when nothing is waiting.",
)
NO_LIMIT = Misconception(
    "nothing-is-refused",
    "There is no limit in bytes, or it is checked only after the frame was added.",
    "A member never reads. How many bytes does its outbox hold in the end?",
    "The sum is not compared with max_bytes, or only after the append.",
    "`if self.held + len(frame) > self.max_bytes:`, before you keep the frame.",
)
COUNTS_FRAMES = Misconception(
    "frames-are-counted",
    "It counts frames instead of bytes, so a few large ones take megabytes, or many small ones are refused.",
    "What is the unit of your limit?",
    "A frame may have ten bytes or sixty thousand. A count says nothing about memory.",
    "Add up `len(frame)`.",
)
EXACT = Misconception(
    "limit-off-by-one",
    "Exactly the limit is refused, or one byte more is accepted.",
    "max_bytes is the most that may wait. Is a frame that exactly fills it accepted?",
    "The comparison has an equals sign too many or too few.",
    "Refuse when `held + len(frame) > max_bytes`.",
)
NEVER_SHRINKS = Misconception(
    "taken-still-counts",
    "Frames that were taken still count, so a member that reads well is refused after a while.",
    "Follow the sum of bytes through an offer and a take.",
    "offer adds to it, but take does not subtract.",
    "`self.held -= len(frame)` for each frame that take returns.",
)
NO_AGE = Misconception(
    "age-not-looked-at",
    "A member that stopped reading is kept as long as little is waiting for it.",
    "A quiet room, a dead member, three small frames. When do you notice?",
    "In a quiet room it takes hours until the limit in bytes is reached.",
    "Keep the time with each frame, `self.waiting.append((now, frame))`, and check the oldest.",
)
WRONG_AGE = Misconception(
    "age-of-the-wrong-frame",
    "The age is not that of the oldest frame still waiting.",
    "Whose age do you check: the first frame ever, the newest, or the oldest one still waiting?",
    "One time is kept and not updated when frames are taken, or it is updated with every offer.",
    "`now - self.waiting[0][0] > self.max_age_s`, and only while something is waiting.",
)
REFUSED_IS_KEPT = Misconception(
    "refused-yet-kept",
    "Frames are still held after a refusal, although the member is being closed and its memory must be freed.",
    "What is `held_bytes` after offer has returned False?",
    "The waiting frames stay until the object is collected, and the member will never get them.",
    "Before `return False`: `self.waiting.clear()`, and set the sum to 0.",
)
OPENS_AGAIN = Misconception(
    "refused-and-accepted-again",
    "A frame is accepted after an earlier one was refused, so the member has a hole in its stream.",
    "One frame was refused. May the next, smaller one be accepted?",
    "Then one in the middle is missing, and the member does not know.",
    "`self.is_over = True` at the first refusal; after that, refuse everything.",
)
TAKE_IGNORES_SIZE = Misconception(
    "take-ignores-its-limit",
    "take returns more than it was asked for, or nothing when the first frame alone is larger.",
    "take(100) with frames of 60 bytes: how many? And with one of 500?",
    "The limit is not checked, or it is checked before the first frame.",
    "Always take the first one, then more while the sum stays within most_bytes.",
)


SHARED = Misconception(
    "outboxes-share-their-state",
    "What one outbox holds or has refused shows in another one, or the caller's list is the outbox's own.",
    "Make two outboxes, and offer a frame to the first. What does the second one hold?",
    "A list or a number that belongs to the class, to the module or to a default argument is one for all outboxes.",
    "Create it in `__init__`: `self.waiting = deque()`.",
)


class Reference:
    """What the text asks for. `taken`: the bytes that were taken so far."""

    def __init__(self, max_bytes: int, max_age_s: float) -> None:
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self.waiting: deque[tuple[bytes, float]] = deque()
        self.held_bytes = 0
        self.is_over = False
        self.taken = 0

    def is_too_much(self, frame: bytes) -> bool:
        """Whether more than the limit would wait with this frame."""
        return self.held_bytes + len(frame) > self.max_bytes

    def is_too_old(self, now: float) -> bool:
        """Whether a frame has waited for too long."""
        return bool(self.waiting) and now - self.waiting[0][1] > self.max_age_s

    def offer(self, frame: bytes, now: float) -> bool:
        """Keep the frame, or be over."""
        self.is_over = self.is_over or self.is_too_much(frame) or self.is_too_old(now)
        if self.is_over:
            self.waiting.clear()
            self.held_bytes = 0
            return False
        self.waiting.append((frame, now))
        self.held_bytes += len(frame)
        return True

    def next_ones(self, most_bytes: int) -> list[bytes]:
        """Return what `take` returns, and leave it."""
        frames: list[bytes] = []
        for frame, _ in self.waiting:
            if frames and sum(map(len, frames)) + len(frame) > most_bytes:
                break
            frames.append(frame)
        return frames

    def take(self, most_bytes: int) -> list[bytes]:
        """Return the next frames, and remove them."""
        frames = self.next_ones(most_bytes)
        for frame in frames:
            self.waiting.popleft()
            self.taken += len(frame)
            self.held_bytes -= len(frame)
        return frames


def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the reference. Free: a tuple for the list of `take`, and what is equal to True or False."""
    boxes: dict[str, Reference] = {}
    for number, (step, result) in enumerate(zip(situation, results)):
        if step[0] == "make":
            boxes[step[1]] = Reference(*step[2])
            if result.raised is not None:
                return Wrong(number, "an outbox", RAISES)
        elif (wrong := _wrong(boxes[label(step)], step, result)) is not None:
            expected, shows = wrong
            return Wrong(number, expected, RAISES if result.raised is not None else shows)
    return None


def _wrong(box: Reference, step: Step, result: Result) -> tuple[str, Misconception | None] | None:
    """Return what was expected, and what the result shows; None if it is right. The box does the step."""
    name, arguments = step[1].partition(".")[2], step[2]
    if name == "offer":
        shows = _shown_by_offer(box, *arguments)
        expected: Any = box.offer(*arguments)
    elif name == "take":
        shows = _shown_by_take(box, *arguments, result.value)
        expected = box.take(*arguments)
    else:
        shows, expected = _shown_by_held(box), box.held_bytes
    came = list(result.value) if isinstance(result.value, tuple) else result.value
    is_right = result.raised is None and type(came) in _TYPES[type(expected)] and came == expected
    return None if is_right else (repr(expected) if name != "take" else _frames(expected), shows)


_TYPES: dict[type, tuple[type, ...]] = {bool: (bool, int), int: (int, float), list: (list,)}


def _frames(frames: Sequence[bytes]) -> str:
    return Result(list(frames)).shown


def _shown_by_offer(box: Reference, frame: bytes, now: float) -> Misconception | None:
    """Return what a wrong result of this offer shows."""
    if box.is_over:
        return OPENS_AGAIN
    full = box.held_bytes + len(frame)
    if box.is_too_old(now):
        return None
    if full in (box.max_bytes, box.max_bytes + 1):
        return EXACT
    if full > box.max_bytes:
        return NO_LIMIT
    if full + box.taken > box.max_bytes:
        return NEVER_SHRINKS
    if box.waiting and now - box.waiting[0][1] == box.max_age_s:
        return WRONG_AGE
    return COUNTS_FRAMES if len(box.waiting) >= 10 else None


def _shown_by_take(box: Reference, most_bytes: int, came: Any) -> Misconception | None:
    if box.is_over:
        return REFUSED_IS_KEPT
    waiting = [frame for frame, _ in box.waiting]
    is_prefix = isinstance(came, list | tuple) and list(came) == waiting[: len(came)]
    return TAKE_IGNORES_SIZE if is_prefix else WRONG_BYTES


def _shown_by_held(box: Reference) -> Misconception | None:
    if box.is_over:
        return REFUSED_IS_KEPT
    return NEVER_SHRINKS if box.taken else None


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: no empty frame, no negative number, and the clock of a box never goes back."""
    clocks: dict[str, float] = {}
    for step in situation:
        if step[1].endswith(".offer"):
            frame, now = step[2]
            if not frame or now < clocks.get(label(step), 0):
                return False
            clocks[label(step)] = now
    return True


# Situations. Times are quarters of a second, so that a sum and a difference of two come out the same.

LARGE = 10**6
Draw = Callable[[Random], Situation]


def frame(rng: Random, size: int) -> bytes:
    """Draw a frame; some are equal to others, so that none is known by its content."""
    return rng.choice((b"a", b"b", b"c", b"d")) * max(size, 1) if size > 1 else rng.choice((b"a", b"b"))


def offer(rng: Random, size: int, now: float, box: str = "box") -> Step:
    """Offer a frame of that size."""
    return call(f"{box}.offer", frame(rng, size), now)


def quarter(rng: Random, most: float) -> float:
    """Draw a time from 0 to `most`."""
    return rng.randint(0, int(most * 4)) / 4


def draw_order(rng: Random) -> Situation:
    """Offers, and takes of all that waits."""
    steps = [make("box", LARGE, 1000.0)]
    for _ in range(rng.randint(1, 12)):
        steps.append(offer(rng, rng.randint(1, 40), 0.0) if rng.random() < 0.7 else call("box.take", LARGE))
    return (*steps, call("box.take", LARGE), call("box.take", LARGE))


def draw_take(rng: Random) -> Situation:
    """Takes of exactly what the first frames have, of one byte more or less, of nothing, of anything."""
    box, steps = Reference(LARGE, 1000.0), [make("box", LARGE, 1000.0)]
    for _ in range(rng.randint(2, 14)):
        if rng.random() < 0.6:
            step = offer(rng, rng.choice((1, 2, 3, rng.randint(4, 60))), 0.0)
            box.offer(*step[2])
        else:
            sizes = [len(one) for one, _ in box.waiting]
            near = sum(sizes[: rng.randint(0, len(sizes))]) + rng.choice((-1, 0, 0, 1))
            step = call("box.take", max(0, near) if rng.random() < 0.8 else rng.randint(0, 100))
            box.take(*step[2])
        steps.append(step)
    return (*steps, call("box.take", LARGE))


def draw_limit(rng: Random) -> Situation:
    """Offers until one is refused by at least two bytes; never exactly the limit."""
    most = rng.randint(4, 60)
    box, steps = Reference(most, 1000.0), [make("box", most, 1000.0)]
    while not box.is_over:
        size = rng.choice((1, rng.randint(1, 10), rng.randint(1, 10), 3 * most))
        full = box.held_bytes + size - most
        size += 2 if full in (0, 1) else 0
        steps.append(offer(rng, size, 0.0))
        box.offer(*steps[-1][2])
    return tuple(steps)


def draw_exact(rng: Random) -> Situation:
    """Frames that fill it exactly, then perhaps one byte; or one byte too many."""
    most = rng.choice((1, 2, rng.randint(3, 1100)))
    sizes = [rng.randint(1, most)]
    if sizes[0] < most:
        sizes.append(most - sizes[0])
    if rng.random() < 0.5:
        sizes[-1] += 1
    else:
        sizes += [1] * rng.randint(0, 1)
    held = [get("box.held_bytes")] if sum(sizes) == most else []
    return (make("box", most, 1000.0), *(offer(rng, size, 0.0) for size in sizes), *held)


def draw_shrinks(rng: Random) -> Situation:
    """Many frames, of which never more wait than fit."""
    most = rng.randint(20, 200)
    box, steps = Reference(most, 1000.0), [make("box", most, 1000.0)]
    for _ in range(rng.randint(4, 24)):
        size = rng.randint(1, most - 1)
        if box.held_bytes + size < most:
            steps.append(offer(rng, size, 0.0))
            box.offer(*steps[-1][2])
        else:
            steps.append(call("box.take", rng.randint(1, most)))
            box.take(*steps[-1][2])
        if rng.random() < 0.5:
            steps.append(get("box.held_bytes"))
    return (*steps, get("box.held_bytes"))


def draw_age(rng: Random) -> Situation:
    """Offers until one comes after the first has waited for too long; several may come at once."""
    age, now = rng.choice((0.0, 0.25, 1.0, quarter(rng, 10))), quarter(rng, 1000)
    steps, began = [make("box", LARGE, age), offer(rng, 3, now)], now
    while now - began <= age:
        now = rng.choice((now, max(now, began + age), began + age + 0.25, now + quarter(rng, age + 1)))
        steps.append(offer(rng, 3, now))
    return tuple(steps)


def draw_oldest(rng: Random) -> Situation:
    """Frames come and are taken while time passes, near the age of the oldest that waits."""
    age, now = rng.choice((0.25, 1.0, 2.0, quarter(rng, 8) + 0.25)), quarter(rng, 100)
    box, steps = Reference(LARGE, age), [make("box", LARGE, age)]
    for _ in range(rng.randint(4, 24)):
        if rng.random() < 0.4:
            steps.append(call("box.take", rng.choice((1, 3, 4, 6))))
            box.take(*steps[-1][2])
            continue
        limit = box.waiting[0][1] + age if box.waiting else now + 3 * age
        now = rng.choice((now, max(now, limit), now + age / 2, now + age / 4, limit + rng.choice((0, 0, 0, 0.25))))
        now = int(now * 4) / 4
        steps.append(offer(rng, 3, now))
        if not box.offer(*steps[-1][2]):
            break
    return tuple(steps)


def refused(rng: Random, box: str = "box") -> list[Step]:
    """Draw steps that end with a refusal, by bytes or by age."""
    most, age = rng.randint(5, 50), rng.choice((0.0, 1.0, 5.0))
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 1 + most // 4))]
    steps = [make(box, most, age)]
    steps += [offer(rng, size, 1.0, box) for size in sizes if size]
    is_old = rng.random() < 0.5 and any(sizes) and sum(sizes) + 1 < most
    return [*steps, offer(rng, 1, 1.25 + age, box) if is_old else offer(rng, most + 2, 1.0, box)]


def draw_over(rng: Random) -> Situation:
    """A refusal, then looks at what is held."""
    looks = [get("box.held_bytes"), call("box.take", rng.choice((0, 1, LARGE)))]
    rng.shuffle(looks)
    return (*refused(rng), *looks, get("box.held_bytes"))


def draw_stays_over(rng: Random) -> Situation:
    """A refusal, then offers that would fit, at once or much later, also after a take."""
    steps = refused(rng)
    now = steps[-1][2][1]
    for _ in range(rng.randint(1, 4)):
        now += rng.choice((0, 0, 1, 1000))
        steps.append(offer(rng, 1, now) if rng.random() < 0.7 else call("box.take", LARGE))
    return (*steps, offer(rng, 1, now))


def draw_own(rng: Random) -> Situation:
    """Two outboxes, of which one may be over; and lists that the caller clears."""
    steps = [make("one", LARGE, 1000.0), make("two", LARGE, 1000.0)]
    if rng.random() < 0.5:
        steps[0:1] = refused(rng, "one")
    for _ in range(rng.randint(2, 10)):
        box = rng.choice(("one", "two", "two"))
        now = 10.0
        more = [offer(rng, rng.randint(1, 5), now, box), call(f"{box}.take", rng.choice((1, 4, LARGE)))]
        steps.append(rng.choice((*more, spoil(more[1]), get(f"{box}.held_bytes"))))
    return (*steps, call("two.take", LARGE))


def many_small() -> Situation:
    """Return 150 frames of five bytes, which are fewer bytes than the limit."""
    return (make("box", 1000, 5.0), *(call("box.offer", b"." * 5, 0.0) for _ in range(150)))


def property_of(name: str, expected: str, usual: Misconception, draw: Draw, *enforces: str, **more: Any) -> Property:
    """Return a property of this exercise."""
    return Property(
        id=name,
        expected=expected,
        usual=usual,
        draw=draw,
        enforces=(*enforces, "Nothing raises."),
        model=model,
        permits=permits,
        shared=SHARED,
        **more,
    )


NEEDS = ("order",)
LIMITED = ("order", "limit")
PROPERTIES = (
    property_of(
        "order",
        "take returns what was offered, in order",
        WRONG_BYTES,
        draw_order,
        "returns `True` and keeps the frame",
        "returns the frames that come next, in their order, in a list, and removes them",
        "An empty list when none waits.",
    ),
    property_of(
        "take",
        "take returns at most most_bytes, but at least one frame",
        TAKE_IGNORES_SIZE,
        draw_take,
        "as many as fit into `most_bytes` together, but at least one when any waits, however large",
        needs=NEEDS,
    ),
    property_of(
        "limit",
        "more than max_bytes is refused, however many frames that is",
        NO_LIMIT,
        draw_limit,
        "more than `max_bytes` bytes would wait",
        always=(many_small(),),
        needs=NEEDS,
    ),
    property_of(
        "exact",
        "exactly max_bytes may wait",
        EXACT,
        draw_exact,
        "Exactly `max_bytes` may wait.",
        needs=LIMITED,
    ),
    property_of(
        "shrinks",
        "frames that were taken no longer count",
        NEVER_SHRINKS,
        draw_shrinks,
        "`held_bytes` is an attribute or a property: how many bytes wait now.",
        needs=("order", "take"),
    ),
    property_of(
        "age",
        "offer refuses once a frame has waited for more than max_age_s",
        NO_AGE,
        draw_age,
        "a frame that still waits has waited for more than `max_age_s` seconds",
        "Exactly `max_age_s` is not too long",
        needs=NEEDS,
    ),
    property_of(
        "oldest",
        "the age is that of the oldest frame still waiting",
        WRONG_AGE,
        draw_oldest,
        "a frame that was taken no longer waits",
        needs=("order", "take", "shrinks", "age"),
    ),
    property_of(
        "over",
        "after a refusal nothing is held",
        REFUSED_IS_KEPT,
        draw_over,
        "it holds nothing any more",
        needs=("order", "take", "limit", "exact", "age"),
    ),
    property_of(
        "stays-over",
        "after a refusal everything is refused",
        OPENS_AGAIN,
        draw_stays_over,
        "refuses everything that comes later",
        needs=("order", "take", "limit", "exact", "age", "over"),
    ),
    property_of(
        "own",
        "each outbox is on its own, and the list that take returns is the caller's",
        SHARED,
        draw_own,
        "Each outbox is on its own",
        "The list belongs to the caller, which may change it.",
        needs=("order", "take", "limit", "exact", "shrinks", "age", "over", "stays-over"),
    ),
)
EXERCISE = Exercise(
    id="06-outbox",
    title="One member stops reading, and what waits for it grows until the machine is full",
    lesson="06_slow_consumers",
    kind="rule",
    answer="Outbox",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, COUNTS_FRAMES),
)
