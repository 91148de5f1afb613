"""03-history: a member was away for a moment, and nobody can say what it missed."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.course.exercises.history_faults import (
    EDGE,
    EPOCH_IGNORED,
    FUTURE,
    HIDDEN,
    NOT_ALL,
    NOT_COUNTED,
    RAISES,
    SHARED_LIST,
)

EPOCH = "epoch-1"
Step = tuple[Any, ...]  # ("publish", text), ("since", epoch, seq)


def drive(answer: Any, keeps: int, steps: Sequence[Step], empties: bool = False) -> list[Any]:
    """In the answer's process: one room that takes these steps; what each returned, in plain lists."""
    room = answer(EPOCH, keeps)
    returned: list[Any] = []
    for name, *arguments in steps:
        value = room.publish(*arguments) if name == "publish" else room.since(*arguments)
        returned.append(value if name == "publish" else _plain(value))
        if name == "since" and empties and isinstance(value[0], list):
            value[0].clear()
    return returned


def _plain(value: Any) -> Any:
    """(events, gap) with each event as [seq, text]; anything else as it is."""
    try:
        events, gap = value
        return [[list(event) for event in events], gap]
    except (TypeError, ValueError):
        return repr(value)[:80]


def said(count: int) -> list[Step]:
    """So many events."""
    return [("publish", f"text {number}") for number in range(1, count + 1)]


def events(first: int, last: int) -> list[Any]:
    """Those events, as a member is given them."""
    return [[number, f"text {number}"] for number in range(first, last + 1)]


Question = tuple[Step, list[Any], Misconception]


async def asked(stage: Any, keeps: int, count: int, questions: Sequence[Question], empties: bool = False) -> Seen:
    """So many events are said; then these questions must be answered like this."""
    steps = [*said(count), *(step for step, _, _ in questions)]
    shown = f"a room that keeps {keeps}, {count} events, then {', '.join(_in_words(step) for step, _, _ in questions)}"
    called = await stage.call(keeps, steps, empties, shown=shown)
    if called.raised:
        return failed(f"{shown}: raised {called.raised}", RAISES)
    for (step, right, why), came in zip(questions, called.value[count:], strict=True):
        if came != right or (step[0] == "since" and type(came[1]) is not bool):
            return failed(
                f"keeps {keeps}, {count} said: {_in_words(step)} -> {_short(came)}, where {_short(right)} is right", why
            )
    return passed(shown)


def _in_words(step: Step) -> str:
    name, *arguments = step
    return f"{name}({', '.join(map(repr, arguments))})"


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], list):
        numbers = [event[0] if isinstance(event, list) and event else event for event in value[0]]
        some = f"{numbers[:4]}..." if len(numbers) > 5 else f"{numbers}"
        return f"events {some}, gap {value[1]!r}"
    return repr(value)[:80]


ALL_GONE: list[Any] = [[], True]
NOTHING: list[Any] = [[], False]


async def _seq(stage: Any) -> Seen:
    keeps, count = stage.rng.randint(2, 4), stage.rng.randint(7, 12)
    called = await stage.call(keeps, said(count), shown=f"a room that keeps {keeps}, {count} events")
    if called.raised:
        return failed(f"publish raised {called.raised}", RAISES)
    if called.value != list(range(1, count + 1)):
        return failed(f"keeps {keeps}: publish returned {called.value}")
    return passed(f"publish returned 1 to {count}, with {keeps} kept")


async def _missed(stage: Any) -> Seen:
    count = stage.rng.randint(8, 20)
    heard = stage.rng.randint(2, count - 3)
    questions: list[Question] = [
        (("since", EPOCH, heard), [events(heard + 1, count), False], NOT_ALL),
        (("since", EPOCH, count - 1), [events(count, count), False], NOT_ALL),
        (("since", EPOCH, 0), [events(1, count), False], NOT_ALL),
        (("publish", "one more"), count + 1, NOT_COUNTED),
        (("since", EPOCH, count), [[[count + 1, "one more"]], False], NOT_ALL),
    ]
    return await asked(stage, 50, count, questions)


async def _nothing(stage: Any) -> Seen:
    count = stage.rng.randint(3, 9)
    seen = await asked(stage, 50, count, [(("since", EPOCH, count), NOTHING, NOT_ALL)])
    if seen.verdict == "pass":
        seen = await asked(stage, 50, 0, [(("since", EPOCH, 0), NOTHING, RAISES)])
    return seen


async def _edge(stage: Any) -> Seen:
    keeps = stage.rng.randint(3, 6)
    count = 2 * keeps + stage.rng.randint(1, 5)
    oldest = count - keeps + 1
    questions: list[Question] = [
        (("since", EPOCH, oldest), [events(oldest + 1, count), False], EDGE),
        (("since", EPOCH, oldest - 1), [events(oldest, count), False], EDGE),
        (("since", EPOCH, oldest - 2), ALL_GONE, EDGE),
    ]
    seen = await asked(stage, keeps, count, questions)
    if seen.verdict == "pass":
        seen = await asked(stage, keeps, keeps, [(("since", EPOCH, 0), [events(1, keeps), False], EDGE)])
    return seen


async def _gap(stage: Any) -> Seen:
    keeps = stage.rng.randint(3, 6)
    questions: list[Question] = [(("since", EPOCH, 2), ALL_GONE, HIDDEN), (("since", EPOCH, 0), ALL_GONE, HIDDEN)]
    return await asked(stage, keeps, 30, questions)


async def _epoch(stage: Any) -> Seen:
    count = stage.rng.randint(5, 9)
    odd = [("epoch-0", 2), ("epoch-0", count), ("epoch-0", 0), ("epoch-10", count - 1), ("", count), (None, count)]
    return await asked(stage, 50, count, [(("since", *one), ALL_GONE, EPOCH_IGNORED) for one in odd])


async def _future(stage: Any) -> Seen:
    count = stage.rng.randint(5, 9)
    numbers = (count + 1, count + 500)
    seen = await asked(stage, 50, count, [(("since", EPOCH, number), ALL_GONE, FUTURE) for number in numbers])
    if seen.verdict == "pass":
        seen = await asked(stage, 50, 0, [(("since", EPOCH, 3), ALL_GONE, FUTURE)])
    return seen


async def _own(stage: Any) -> Seen:
    twice: list[Question] = [(("since", EPOCH, 0), [events(1, 4), False], SHARED_LIST)] * 2
    return await asked(stage, 50, 4, twice, empties=True)


NEEDS = ("seq", "missed")
EXERCISE = Exercise(
    id="03-history",
    title="A member was away for a moment, and nobody can say what it missed",
    asks="Number the events of a room, keep the last ones, and give a member what it missed, all of it or none.",
    lesson="03_rooms",
    kind="rule",
    answer="Room",
    drive=drive,
    checks=(
        Check(id="seq", expected="publish returns 1, 2, 3, ... without holes", usual=NOT_COUNTED, run=_seq),
        Check(
            id="missed",
            expected="everything behind the seq that was heard, in order",
            usual=NOT_ALL,
            run=_missed,
            needs=("seq",),
        ),
        Check(
            id="nothing-missed",
            expected="who missed nothing: no events, and no gap",
            usual=NOT_ALL,
            run=_nothing,
            needs=NEEDS,
        ),
        Check(id="gap", expected="not all can be given: no events, and a gap", usual=HIDDEN, run=_gap, needs=NEEDS),
        Check(
            id="edge",
            expected="the oldest kept event decides, to the number",
            usual=EDGE,
            run=_edge,
            needs=(*NEEDS, "gap"),
        ),
        Check(
            id="epoch",
            expected="a seq of another epoch means nothing: a gap",
            usual=EPOCH_IGNORED,
            run=_epoch,
            needs=NEEDS,
        ),
        Check(id="future", expected="more than was ever said: a gap", usual=FUTURE, run=_future, needs=NEEDS),
        Check(
            id="own-list",
            expected="what is given away is not the history itself",
            usual=SHARED_LIST,
            run=_own,
            needs=NEEDS,
        ),
    ),
    more=(RAISES,),
)
