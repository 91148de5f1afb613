"""06-outbox: nobody has decided what a slow member may cost, so it costs everything."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.course.exercises.outbox_faults import (
    COUNTS_FRAMES,
    EXACT,
    NEVER_SHRINKS,
    NO_AGE,
    NO_LIMIT,
    OPENS_AGAIN,
    RAISES,
    REFUSED_IS_KEPT,
    TAKE_IGNORES_SIZE,
    WRONG_AGE,
    WRONG_BYTES,
)

Step = tuple[Any, ...]  # ("offer", size, now), ("take", most_bytes, now), ("held",)


def drive(answer: Any, max_bytes: int, max_age_s: float, steps: Sequence[Step]) -> list[Any]:
    """In the answer's process: one outbox that takes these steps; what each returned. Frame n holds its number."""
    outbox = answer(max_bytes, max_age_s)
    returned: list[Any] = []
    for number, (name, *arguments) in enumerate(steps):
        if name == "offer":
            size, now = arguments
            returned.append(outbox.offer(frame(number, size), now))
        elif name == "take":
            taken = outbox.take(*arguments)
            returned.append([bytes(one) for one in taken] if isinstance(taken, (list, tuple)) else taken)
        else:
            returned.append(outbox.held_bytes)
    return returned


def frame(number: int, size: int) -> bytes:
    """A frame of that size which can be told from others."""
    return f"{number:04d}".encode().ljust(size, b".")[:size]


class Told:
    """What an outbox returned, a step each; `wrong(n, right, misconception)` is the failure if step n was not right."""

    def __init__(self, steps: Sequence[Step], returned: Sequence[Any]) -> None:
        self.steps = steps
        self.returned = returned

    def wrong(self, number: int, right: Any, why: Misconception) -> Seen | None:
        """The failure, if that step did not return what is right."""
        came = self.returned[number]
        is_right = came is right if isinstance(right, bool) else came == right
        if is_right:
            return None
        before = "; ".join(_in_words(step) for step in self.steps[max(0, number - 4) : number + 1])
        return failed(f"{before} -> {_short(came)}, where {_short(right)} is right", why)


def _in_words(step: Step) -> str:
    name, *arguments = step
    if name == "offer":
        return f"offer({arguments[0]} bytes, now={arguments[1]:g})"
    return f"take({arguments[0]})" if name == "take" else "held_bytes"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"frames of {[len(one) if isinstance(one, bytes) else one for one in value]} bytes"[:120]
    return repr(value)[:80]


async def told(stage: Any, max_bytes: int, max_age_s: float, steps: Sequence[Step]) -> Told | Seen:
    """What one outbox does."""
    shown = f"max_bytes {max_bytes}, max_age_s {max_age_s:g}: {'; '.join(_in_words(step) for step in steps[:6])}"
    called = await stage.call(max_bytes, max_age_s, list(steps), shown=shown + ("; ..." if len(steps) > 6 else ""))
    if called.raised:
        return failed(f"{shown}: raised {called.raised}", RAISES)
    return Told(steps, called.value)


def _first_wrong(one: Told | Seen, *expected: tuple[int, Any, Misconception]) -> Seen | None:
    if isinstance(one, Seen):
        return one
    return next((wrong for number, right, why in expected if (wrong := one.wrong(number, right, why))), None)


async def _order(stage: Any) -> Seen:
    sizes = [stage.rng.randint(5, 60) for _ in range(4)]
    steps: list[Step] = [("offer", size, 0.0) for size in sizes] + [("take", 1000), ("take", 1000)]
    frames = [frame(number, size) for number, size in enumerate(sizes)]
    one = await told(stage, 10_000, 5.0, steps)
    wrong = _first_wrong(
        one, *((n, True, WRONG_BYTES) for n in range(4)), (4, frames, WRONG_BYTES), (5, [], WRONG_BYTES)
    )
    return wrong or passed("four frames came back in their order, and then none")


async def _take(stage: Any) -> Seen:
    sizes = (50, 30, 20, 500, 30)
    steps: list[Step] = [("offer", size, 0.0) for size in sizes]
    steps += [("take", 100), ("take", 100), ("take", 29), ("take", 100)]
    one = await told(stage, 10_000, 5.0, steps)
    frames = [frame(number, size) for number, size in enumerate(sizes)]
    wrong = _first_wrong(
        one,
        (5, frames[:3], TAKE_IGNORES_SIZE),
        (6, [frames[3]], TAKE_IGNORES_SIZE),
        (7, [frames[4]], TAKE_IGNORES_SIZE),
        (8, [], WRONG_BYTES),
    )
    return wrong or passed("50, 30 and 20 fit into 100; 500 and 30 came alone")


async def _limit(stage: Any) -> Seen:
    most = stage.rng.randint(900, 1100)
    one = await told(stage, most, 5.0, [("offer", most - 100, 0.0), ("offer", 5000, 0.0)])
    wrong = _first_wrong(one, (0, True, COUNTS_FRAMES), (1, False, NO_LIMIT))
    if wrong:
        return wrong
    many = await told(stage, most, 5.0, [("offer", 5, 0.0)] * 150)
    wrong = _first_wrong(many, *((number, True, COUNTS_FRAMES) for number in range(150)))
    return wrong or passed(f"with {most} bytes as the limit, 150 frames of 5 bytes fit, and one of 5,000 does not")


async def _exact(stage: Any) -> Seen:
    most = stage.rng.randint(900, 1100)
    fits = await told(stage, most, 5.0, [("offer", most - 60, 0.0), ("offer", 60, 0.0), ("held",)])
    over = await told(stage, most, 5.0, [("offer", most - 60, 0.0), ("offer", 61, 0.0)])
    wrong = _first_wrong(fits, (1, True, EXACT), (2, most, EXACT)) or _first_wrong(over, (1, False, EXACT))
    return wrong or passed(f"{most} bytes of {most} may wait, {most + 1} may not")


async def _shrinks(stage: Any) -> Seen:
    steps: list[Step] = []
    for _ in range(20):
        steps += [("offer", 400, 0.0), ("take", 1000), ("held",)]
    one = await told(stage, 1000, 5.0, steps)
    wrong = _first_wrong(
        one, *((n, True, NEVER_SHRINKS) for n in range(0, 60, 3)), *((n, 0, NEVER_SHRINKS) for n in range(2, 60, 3))
    )
    return wrong or passed("twenty frames of 400 bytes, each taken before the next, fit into 1000")


async def _age(stage: Any) -> Seen:
    age = float(stage.rng.choice((2, 5, 8)))
    began = float(stage.rng.randint(100, 900))
    dead = [
        ("offer", 10, began),
        ("offer", 10, began + age / 2),
        ("offer", 10, began + age),
        ("offer", 10, began + age + 0.5),
    ]
    wrong = _first_wrong(
        await told(stage, 10_000, age, dead), (1, True, WRONG_AGE), (2, True, WRONG_AGE), (3, False, NO_AGE)
    )
    return wrong or passed(f"a frame that waits for more than {age:g} s ends it, {age:g} s do not")


async def _oldest(stage: Any) -> Seen:
    age = float(stage.rng.choice((2, 5, 8)))
    reads: list[Step] = []
    for number in range(12):  # always one frame waits, but never the same for long
        reads += [("offer", 10, number * age / 2), ("take", 10)] if number else [("offer", 10, 0.0), ("held",)]
    idle: list[Step] = [("offer", 10, 0.0), ("take", 10), ("offer", 10, 100 * age)]
    wrong = _first_wrong(await told(stage, 10_000, age, reads), *((n, True, WRONG_AGE) for n in range(0, 24, 2)))
    wrong = wrong or _first_wrong(await told(stage, 10_000, age, idle), (2, True, WRONG_AGE))
    if wrong:
        return wrong
    part: list[Step] = [
        ("offer", 10, 0.0),
        ("offer", 10, 1.0),
        ("take", 10),
        ("offer", 10, age + 0.5),
        ("offer", 10, age + 1.5),
    ]
    wrong = _first_wrong(await told(stage, 10_000, age, part), (3, True, WRONG_AGE), (4, False, WRONG_AGE))
    return wrong or passed("who reads slowly but steadily stays, and so does who had nothing to read for long")


async def _over(stage: Any) -> Seen:
    steps: list[Step] = [("offer", 900, 0.0), ("offer", 200, 0.0), ("held",), ("take", 5000)]
    one = await told(stage, 1000, 5.0, steps)
    wrong = _first_wrong(one, (1, False, NO_LIMIT), (2, 0, REFUSED_IS_KEPT), (3, [], REFUSED_IS_KEPT))
    old: list[Step] = [("offer", 100, 0.0), ("offer", 100, 50.0), ("held",), ("take", 5000)]
    wrong = wrong or _first_wrong(
        await told(stage, 1000, 5.0, old), (1, False, NO_AGE), (2, 0, REFUSED_IS_KEPT), (3, [], REFUSED_IS_KEPT)
    )
    return wrong or passed("nothing is held after a refusal, for bytes or for age")


async def _stays_over(stage: Any) -> Seen:
    steps: list[Step] = [("offer", 900, 0.0), ("offer", 200, 0.0), ("offer", 5, 0.1), ("take", 5000), ("offer", 5, 0.2)]
    wrong = _first_wrong(
        await told(stage, 1000, 5.0, steps), (1, False, NO_LIMIT), (2, False, OPENS_AGAIN), (4, False, OPENS_AGAIN)
    )
    return wrong or passed("once refused, always refused")


NEEDS = ("order",)
LIMITED = ("order", "limit")
EXERCISE = Exercise(
    id="06-outbox",
    title="One member stops reading, and what waits for it grows until the machine is full",
    asks="Write what waits for one member: bounded in bytes and in age, and empty as soon as it is over.",
    lesson="06_slow_consumers",
    kind="rule",
    answer="Outbox",
    drive=drive,
    checks=(
        Check(id="order", expected="what is taken is what was offered, in its order", usual=WRONG_BYTES, run=_order),
        Check(
            id="take",
            expected="take keeps to its limit, but gives one frame at least",
            usual=TAKE_IGNORES_SIZE,
            run=_take,
            needs=NEEDS,
        ),
        Check(
            id="limit",
            expected="more than max_bytes is refused, however many frames",
            usual=NO_LIMIT,
            run=_limit,
            needs=NEEDS,
        ),
        Check(id="exact", expected="exactly max_bytes may wait", usual=EXACT, run=_exact, needs=LIMITED),
        Check(id="shrinks", expected="what was taken counts no more", usual=NEVER_SHRINKS, run=_shrinks, needs=NEEDS),
        Check(
            id="age", expected="a frame that waits for more than max_age_s ends it", usual=NO_AGE, run=_age, needs=NEEDS
        ),
        Check(
            id="oldest",
            expected="the age is that of the oldest frame that still waits",
            usual=WRONG_AGE,
            run=_oldest,
            needs=("order", "take", "shrinks", "age"),
        ),
        Check(
            id="over",
            expected="after a refusal nothing is held",
            usual=REFUSED_IS_KEPT,
            run=_over,
            needs=("order", "limit", "age"),
        ),
        Check(
            id="stays-over",
            expected="after a refusal everything is refused",
            usual=OPENS_AGAIN,
            run=_stays_over,
            needs=LIMITED,
        ),
    ),
    more=(RAISES, COUNTS_FRAMES),
)
