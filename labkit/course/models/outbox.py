"""What 06-outbox asks for, as a class, and the situations in which an answer is compared with it."""

from collections import deque
from random import Random

from labkit.course.models.situations import Situation, Step, call, fill, get, label, make, spoil


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
    """Two outboxes, of which one may be over; and lists that the caller clears or fills."""
    steps = [make("one", LARGE, 1000.0), make("two", LARGE, 1000.0)]
    if rng.random() < 0.5:
        steps[0:1] = refused(rng, "one")
    for _ in range(rng.randint(2, 10)):
        box = rng.choice(("one", "two", "two"))
        now = 10.0
        more = [offer(rng, rng.randint(1, 5), now, box), call(f"{box}.take", rng.choice((1, 4, LARGE)))]
        steps.append(rng.choice((*more, spoil(more[1]), fill(more[1]), get(f"{box}.held_bytes"))))
    return (*steps, call("two.take", LARGE))


def many_small() -> Situation:
    """Return 150 frames of five bytes, which are fewer bytes than the limit."""
    return (make("box", 1000, 5.0), *(call("box.offer", b"." * 5, 0.0) for _ in range(150)))
