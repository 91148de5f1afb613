"""06-outbox: nobody has decided how much memory a slow member may use, so it uses all of it."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Step
from labkit.evidence import NotHeld, Outcome, held

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


def drive(answer: Any, max_bytes: int, max_age_s: float, steps: Sequence[Step]) -> list[Any]:
    """Take one outbox through these steps, in the answer's process; return each result.

    Steps: ("offer", size, now), ("take", most_bytes), ("held",). The frame of step n contains that number.
    """
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
    """Return a frame of that size that differs from all others."""
    return f"{number:04d}".encode().ljust(size, b".")[:size]


def _in_words(step: Step) -> str:
    name, *arguments = step
    if name == "offer":
        return f"offer({arguments[0]} bytes, now={arguments[1]:g})"
    return f"take({arguments[0]})" if name == "take" else "held_bytes"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"frames of {[len(one) if isinstance(one, bytes) else one for one in value]} bytes"[:120]
    return repr(value)[:80]


Expected = tuple[int, Any, Misconception]  # the number of a step, its right result, what a wrong one shows


async def replay(stage: Any, max_bytes: int, max_age_s: float, steps: Sequence[Step], *expected: Expected) -> None:
    """Take one outbox through these steps. Raises NotHeld when it raises or a result is not the expected one."""
    shown = f"max_bytes {max_bytes}, max_age_s {max_age_s:g}: {'; '.join(_in_words(step) for step in steps[:6])}"
    called = await stage.call(max_bytes, max_age_s, list(steps), shown=shown + ("; ..." if len(steps) > 6 else ""))
    if called.raised:
        raise NotHeld(f"{shown}: raised {called.raised}", RAISES)
    for number, right, why in expected:
        result = called.value[number]
        if not (result is right if isinstance(right, bool) else result == right):
            calls = "; ".join(_in_words(step) for step in steps[max(0, number - 4) : number + 1])
            raise NotHeld(f"{calls} -> {_short(result)}, expected {_short(right)}", why)


async def _order(stage: Any) -> Outcome:
    sizes = [stage.rng.randint(5, 60) for _ in range(4)]
    steps: list[Step] = [("offer", size, 0.0) for size in sizes] + [("take", 1000), ("take", 1000)]
    frames = [frame(number, size) for number, size in enumerate(sizes)]
    accepted = [(number, True, WRONG_BYTES) for number in range(4)]
    await replay(stage, 10_000, 5.0, steps, *accepted, (4, frames, WRONG_BYTES), (5, [], WRONG_BYTES))
    return held("take returned four frames in order, then none")


async def _take(stage: Any) -> Outcome:
    sizes = (50, 30, 20, 500, 30)
    steps: list[Step] = [("offer", size, 0.0) for size in sizes]
    steps += [("take", 100), ("take", 100), ("take", 29), ("take", 100)]
    frames = [frame(number, size) for number, size in enumerate(sizes)]
    taken = [(5, frames[:3]), (6, [frames[3]]), (7, [frames[4]])]
    expected = [(number, right, TAKE_IGNORES_SIZE) for number, right in taken]
    await replay(stage, 10_000, 5.0, steps, *expected, (8, [], WRONG_BYTES))
    return held("50, 30 and 20 bytes fit into 100; 500 and 30 came one at a time")


async def _limit(stage: Any) -> Outcome:
    most = stage.rng.randint(900, 1100)
    steps = [("offer", most - 100, 0.0), ("offer", 5000, 0.0)]
    await replay(stage, most, 5.0, steps, (0, True, COUNTS_FRAMES), (1, False, NO_LIMIT))
    accepted = [(number, True, COUNTS_FRAMES) for number in range(150)]
    await replay(stage, most, 5.0, [("offer", 5, 0.0)] * 150, *accepted)
    return held(f"with a limit of {most} bytes, 150 frames of 5 bytes fit, and one of 5,000 does not")


async def _exact(stage: Any) -> Outcome:
    most = stage.rng.randint(900, 1100)
    fits = [("offer", most - 60, 0.0), ("offer", 60, 0.0), ("held",)]
    await replay(stage, most, 5.0, fits, (1, True, EXACT), (2, most, EXACT))
    await replay(stage, most, 5.0, [("offer", most - 60, 0.0), ("offer", 61, 0.0)], (1, False, EXACT))
    return held(f"{most} of {most} bytes may wait, {most + 1} may not")


async def _shrinks(stage: Any) -> Outcome:
    steps: list[Step] = [("offer", 400, 0.0), ("take", 1000), ("held",)] * 20
    accepted = [(number, True, NEVER_SHRINKS) for number in range(0, 60, 3)]
    empty = [(number, 0, NEVER_SHRINKS) for number in range(2, 60, 3)]
    await replay(stage, 1000, 5.0, steps, *accepted, *empty)
    return held("twenty frames of 400 bytes, each taken before the next, fit into a limit of 1000")


async def _age(stage: Any) -> Outcome:
    age = float(stage.rng.choice((2, 5, 8)))
    began = float(stage.rng.randint(100, 900))
    steps = [("offer", 10, began + after) for after in (0, age / 2, age, age + 0.5)]
    await replay(stage, 10_000, age, steps, (1, True, WRONG_AGE), (2, True, WRONG_AGE), (3, False, NO_AGE))
    return held(f"a frame may wait for {age:g} s, but no longer")


async def _oldest(stage: Any) -> Outcome:
    age = float(stage.rng.choice((2, 5, 8)))
    reads: list[Step] = [("offer", 10, 0.0), ("held",)]
    for number in range(1, 12):  # one frame is always waiting, but never the same one for long
        reads += [("offer", 10, number * age / 2), ("take", 10)]
    await replay(stage, 10_000, age, reads, *((number, True, WRONG_AGE) for number in range(0, 24, 2)))
    idle: list[Step] = [("offer", 10, 0.0), ("take", 10), ("offer", 10, 100 * age)]
    await replay(stage, 10_000, age, idle, (2, True, WRONG_AGE))
    part: list[Step] = [("offer", 10, 0.0), ("offer", 10, 1.0), ("take", 10)]
    part += [("offer", 10, age + 0.5), ("offer", 10, age + 1.5)]
    await replay(stage, 10_000, age, part, (3, True, WRONG_AGE), (4, False, WRONG_AGE))
    return held("a member that reads slowly but steadily stays, and so does one that had nothing to read")


async def _over(stage: Any) -> Outcome:
    emptied: list[Expected] = [(2, 0, REFUSED_IS_KEPT), (3, [], REFUSED_IS_KEPT)]
    large: list[Step] = [("offer", 900, 0.0), ("offer", 200, 0.0), ("held",), ("take", 5000)]
    await replay(stage, 1000, 5.0, large, (1, False, NO_LIMIT), *emptied)
    old: list[Step] = [("offer", 100, 0.0), ("offer", 100, 50.0), ("held",), ("take", 5000)]
    await replay(stage, 1000, 5.0, old, (1, False, NO_AGE), *emptied)
    return held("nothing is held after a refusal, because of bytes or of age")


async def _stays_over(stage: Any) -> Outcome:
    steps: list[Step] = [("offer", 900, 0.0), ("offer", 200, 0.0), ("offer", 5, 0.1), ("take", 5000), ("offer", 5, 0.2)]
    await replay(stage, 1000, 5.0, steps, (1, False, NO_LIMIT), (2, False, OPENS_AGAIN), (4, False, OPENS_AGAIN))
    return held("after a refusal everything is refused")


NEEDS = ("order",)
LIMITED = ("order", "limit")
EXERCISE = Exercise(
    id="06-outbox",
    title="One member stops reading, and what waits for it grows until the machine is full",
    lesson="06_slow_consumers",
    kind="rule",
    answer="Outbox",
    drive=drive,
    checks=(
        Check("order", "take returns what was offered, in order", WRONG_BYTES, _order),
        Check("take", "take returns at most most_bytes, but at least one frame", TAKE_IGNORES_SIZE, _take, needs=NEEDS),
        Check("limit", "more than max_bytes is refused, however many frames that is", NO_LIMIT, _limit, needs=NEEDS),
        Check("exact", "exactly max_bytes may wait", EXACT, _exact, needs=LIMITED),
        Check("shrinks", "frames that were taken no longer count", NEVER_SHRINKS, _shrinks, needs=NEEDS),
        Check("age", "offer refuses once a frame has waited for more than max_age_s", NO_AGE, _age, needs=NEEDS),
        Check(
            "oldest",
            "the age is that of the oldest frame still waiting",
            WRONG_AGE,
            _oldest,
            needs=("order", "take", "shrinks", "age"),
        ),
        Check("over", "after a refusal nothing is held", REFUSED_IS_KEPT, _over, needs=("order", "limit", "age")),
        Check("stays-over", "after a refusal everything is refused", OPENS_AGAIN, _stays_over, needs=LIMITED),
    ),
    more=(RAISES, COUNTS_FRAMES),
)
