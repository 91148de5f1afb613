"""03-history: a client was away for a moment, and the server cannot tell it what it missed."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Step, in_words
from labkit.evidence import Outcome, broken, held

EPOCH = "epoch-1"
Question = tuple[Step, list[Any] | int, Misconception]  # a step, its right answer, what a wrong one shows

NOT_COUNTED = Misconception(
    "seq-with-holes",
    "The events are not numbered 1, 2, 3, ...",
    "What does the first publish return, and the second?",
    "It starts at 0, skips a number, or is the length of the history, which stops growing when that is full.",
    "`self.seq += 1` in publish, starting from 0, however much is kept; then return it.",
)
RAISES = Misconception(
    "history-raises",
    "A question about the past raises, so one client with an unexpected `since` ends the connection.",
    "Ask for a seq that never existed, and ask an empty room.",
    "An index is out of range, or a number is compared with None.",
    "Return `([], True)` for what you cannot give, and `([], False)` when nothing was missed.",
)
NOT_ALL = Misconception(
    "missed-events-not-all",
    "A client does not get exactly what it missed: one event too few, one too many, or the wrong order.",
    "The client has received number 5 and asks since 5. Which event must come first?",
    "The comparison is off by one, or positions in the list are taken for numbers.",
    "`[(seq, text) for seq, text in self.kept if seq > since_seq]`",
)
EDGE = Misconception(
    "edge-of-the-history",
    "At the edge of the history, a complete answer is reported as a gap, or a gap as complete.",
    "Ten events are kept: 11 to 20. Can you give everything to a client that received 10? And 9?",
    "The oldest kept event is compared with the wrong number.",
    "You can give everything when `since_seq + 1 >= the oldest kept number`.",
)
HIDDEN = Misconception(
    "gap-is-hidden",
    "The server sends what it kept although a part is missing, or reports no gap: the client shows a wrong screen.",
    "Five of the eight missed events are still there. What do you return?",
    "The last five, and no gap: the client cannot know about the other three.",
    "When you cannot give all of them: `return [], True`.",
)
EPOCH_IGNORED = Misconception(
    "epoch-ignored",
    "A number from another epoch is accepted, so after a restart a client gets the wrong events, or none.",
    "The server has restarted and counts from 1 again. What does seq 5 from before mean?",
    "Nothing: numbers of two epochs cannot be compared.",
    "`if epoch != self.epoch: return [], True`, first.",
)
FUTURE = Misconception(
    "future-is-believed",
    "A client claims to have received more than was ever published, and is told that it missed nothing.",
    "What do you return for a seq that is larger than the newest?",
    "It cannot be true, so you do not know what this client has.",
    "`if since_seq > self.seq: return [], True`",
)
SHARED_LIST = Misconception(
    "history-given-away",
    "The caller gets the room's own list, so what the caller changes in it changes the history.",
    "Empty the list that you got, and ask again.",
    "It is the same object that the room keeps.",
    "Return a new list: `list(...)` or a comprehension.",
)


def drive(answer: Any, keeps: int, steps: Sequence[Step], empties: bool = False) -> list[Any]:
    """Take one room through these steps, in the answer's process; return each result, in plain lists.

    `empties`: clear each list of events that the room returns, as a careless caller would.
    """
    room = answer(EPOCH, keeps)
    returned: list[Any] = []
    for name, *arguments in steps:
        value = room.publish(*arguments) if name == "publish" else room.since(*arguments)
        returned.append(value if name == "publish" else _plain(value))
        if name == "since" and empties and isinstance(value[0], list):
            value[0].clear()
    return returned


def _plain(value: Any) -> Any:
    """Return (events, gap) with each event as [seq, text]; of anything else, its repr."""
    try:
        events, gap = value
        return [[list(event) for event in events], gap]
    except (TypeError, ValueError):
        return repr(value)[:80]


def published(count: int) -> list[Step]:
    """Return the steps that publish so many events."""
    return [("publish", f"text {number}") for number in range(1, count + 1)]


def events(first: int, last: int) -> list[Any]:
    """Return those events as a client gets them."""
    return [[number, f"text {number}"] for number in range(first, last + 1)]


async def replay(stage: Any, keeps: int, count: int, questions: Sequence[Question], empties: bool = False) -> Outcome:
    """Publish so many events, then compare the answer to each question with the right one."""
    steps = [*published(count), *(step for step, _, _ in questions)]
    shown = f"a room that keeps {keeps}, {count} events, then {', '.join(in_words(step) for step, _, _ in questions)}"
    called = await stage.call(keeps, steps, empties, shown=shown)
    if called.raised:
        return broken(f"{shown}: raised {called.raised}", RAISES)
    for (step, right, why), came in zip(questions, called.value[count:], strict=True):
        if came != right or (step[0] == "since" and type(came[1]) is not bool):
            return broken(
                f"keeps {keeps}, {count} published: {in_words(step)} -> {_short(came)}, expected {_short(right)}", why
            )
    return held(shown)


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], list):
        numbers = [event[0] if isinstance(event, list) and event else event for event in value[0]]
        some = f"{numbers[:4]}..." if len(numbers) > 5 else f"{numbers}"
        return f"events {some}, gap {value[1]!r}"
    return repr(value)[:80]


ALL_GONE: list[Any] = [[], True]
NOTHING: list[Any] = [[], False]


async def _seq(stage: Any) -> Outcome:
    keeps, count = stage.rng.randint(2, 4), stage.rng.randint(7, 12)
    called = await stage.call(keeps, published(count), shown=f"a room that keeps {keeps}, {count} events")
    if called.raised:
        return broken(f"publish raised {called.raised}", RAISES)
    if called.value != list(range(1, count + 1)):
        return broken(f"keeps {keeps}: publish returned {called.value}")
    return held(f"publish returned 1 to {count}, with {keeps} kept")


async def _missed(stage: Any) -> Outcome:
    count = stage.rng.randint(8, 20)
    received = stage.rng.randint(2, count - 3)
    questions: list[Question] = [
        (("since", EPOCH, received), [events(received + 1, count), False], NOT_ALL),
        (("since", EPOCH, count - 1), [events(count, count), False], NOT_ALL),
        (("since", EPOCH, 0), [events(1, count), False], NOT_ALL),
        (("publish", "one more"), count + 1, NOT_COUNTED),
        (("since", EPOCH, count), [[[count + 1, "one more"]], False], NOT_ALL),
    ]
    return await replay(stage, 50, count, questions)


async def _nothing(stage: Any) -> Outcome:
    count = stage.rng.randint(3, 9)
    seen = await replay(stage, 50, count, [(("since", EPOCH, count), NOTHING, NOT_ALL)])
    if seen.verdict == "held":
        seen = await replay(stage, 50, 0, [(("since", EPOCH, 0), NOTHING, RAISES)])
    return seen


async def _edge(stage: Any) -> Outcome:
    keeps = stage.rng.randint(3, 6)
    count = 2 * keeps + stage.rng.randint(1, 5)
    oldest = count - keeps + 1
    questions: list[Question] = [
        (("since", EPOCH, oldest), [events(oldest + 1, count), False], EDGE),
        (("since", EPOCH, oldest - 1), [events(oldest, count), False], EDGE),
        (("since", EPOCH, oldest - 2), ALL_GONE, EDGE),
    ]
    seen = await replay(stage, keeps, count, questions)
    if seen.verdict == "held":
        seen = await replay(stage, keeps, keeps, [(("since", EPOCH, 0), [events(1, keeps), False], EDGE)])
    return seen


async def _gap(stage: Any) -> Outcome:
    keeps = stage.rng.randint(3, 6)
    questions: list[Question] = [(("since", EPOCH, 2), ALL_GONE, HIDDEN), (("since", EPOCH, 0), ALL_GONE, HIDDEN)]
    return await replay(stage, keeps, 30, questions)


async def _epoch(stage: Any) -> Outcome:
    count = stage.rng.randint(5, 9)
    odd = [("epoch-0", 2), ("epoch-0", count), ("epoch-0", 0), ("epoch-10", count - 1), ("", count), (None, count)]
    return await replay(stage, 50, count, [(("since", *one), ALL_GONE, EPOCH_IGNORED) for one in odd])


async def _future(stage: Any) -> Outcome:
    count = stage.rng.randint(5, 9)
    numbers = (count + 1, count + 500)
    seen = await replay(stage, 50, count, [(("since", EPOCH, number), ALL_GONE, FUTURE) for number in numbers])
    if seen.verdict == "held":
        seen = await replay(stage, 50, 0, [(("since", EPOCH, 3), ALL_GONE, FUTURE)])
    return seen


async def _own(stage: Any) -> Outcome:
    twice: list[Question] = [(("since", EPOCH, 0), [events(1, 4), False], SHARED_LIST)] * 2
    return await replay(stage, 50, 4, twice, empties=True)


NEEDS = ("seq", "missed")
EXERCISE = Exercise(
    id="03-history",
    title="A member was away for a moment, and nobody can say what it missed",
    lesson="03_rooms",
    kind="rule",
    answer="Room",
    drive=drive,
    checks=(
        Check("seq", "publish returns 1, 2, 3, ... without gaps", NOT_COUNTED, _seq),
        Check("missed", "everything after the given seq, in order", NOT_ALL, _missed, needs=("seq",)),
        Check("nothing-missed", "nothing missed: no events, and no gap", NOT_ALL, _nothing, needs=NEEDS),
        Check("gap", "some events are no longer kept: no events, and a gap", HIDDEN, _gap, needs=NEEDS),
        Check("edge", "the oldest kept event decides, exactly", EDGE, _edge, needs=(*NEEDS, "gap")),
        Check("epoch", "a seq of another epoch: a gap", EPOCH_IGNORED, _epoch, needs=NEEDS),
        Check("future", "a seq that was never published: a gap", FUTURE, _future, needs=NEEDS),
        Check("own-list", "the returned list is not the history itself", SHARED_LIST, _own, needs=NEEDS),
    ),
    more=(RAISES,),
)
