"""08-stored-first: everybody heard it, and the log knows nothing of it."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Seen, failed, passed
from labkit.course.exercises.stored_first_faults import (
    EMPTY,
    LOST_MEANWHILE,
    NOT_TOLD,
    ONE_BY_ONE,
    RAISES,
    REFUSED_SILENTLY,
    TOLD_FIRST,
    TOLD_UNSTORED,
    TRIED_AGAIN,
)

Step = tuple[str, ...]  # ("publish", event) or ("commit",)
Happened = list[Any]  # ["stored", [events]], ["full", [events]], ["told", event], ["returned", value]


def drive(answer: Any, steps: Sequence[Step], full_at: Sequence[int], echoes: Sequence[str] = ()) -> list[Happened]:
    """In the answer's process: a desk that takes these steps; what happened, in order.

    The disk is full at the calls of `store` with these numbers. Who is told one of `echoes` publishes an answer to it.
    """
    happened: list[Happened] = []
    calls = 0

    def store(events: Any) -> None:
        nonlocal calls
        calls += 1
        is_full = calls - 1 in full_at
        happened.append(["full" if is_full else "stored", list(events)])
        if is_full:
            raise OSError("no space left on the disk")

    def tell(event: Any) -> None:
        happened.append(["told", event])
        if event in echoes:
            desk.publish(f"answer to {event}")

    desk = answer(store, tell)
    for name, *arguments in steps:
        value = getattr(desk, name)(*arguments)
        if name == "commit":
            happened.append(["returned", list(value) if isinstance(value, (list, tuple)) else repr(value)[:40]])
    return happened


async def happened(
    stage: Any, steps: Sequence[Step], full_at: Sequence[int] = (), echoes: Sequence[str] = ()
) -> list[Happened] | Seen:
    """What a desk did, or the failure when it raised."""
    words = ", ".join(f"{name}({', '.join(map(repr, arguments))})" for name, *arguments in steps)
    full = f"; the disk is full at call {full_at[0] + 1}" if full_at else ""
    called = await stage.call(list(steps), list(full_at), list(echoes), shown=words + full)
    if called.raised:
        return failed(f"{words}{full}: raised {called.raised}", RAISES)
    return list(called.value)


def told(log: Sequence[Happened]) -> list[Any]:
    """What was told, in order."""
    return [what for how, what in log if how == "told"]


def in_words(log: Sequence[Happened]) -> str:
    """What happened, for a sentence."""
    return "; ".join(f"{how} {what}" for how, what in log)[:240] or "nothing happened"


def _events(stage: Any, count: int) -> list[str]:
    return [f"event {stage.rng.getrandbits(20):05x}" for _ in range(count)]


def _said(events: Sequence[str]) -> list[Step]:
    return [*(("publish", event) for event in events), ("commit",)]


async def _told(stage: Any) -> Seen:
    first, second = _events(stage, 3), _events(stage, 2)
    log = await happened(stage, [*_said(first), *_said(second)])
    if isinstance(log, Seen):
        return log
    if told(log) != first + second:
        return failed(in_words(log))
    return passed("five events, in two commits, were told once each and in order")


async def _order(stage: Any) -> Seen:
    events = _events(stage, 3)
    log = await happened(stage, _said(events))
    if isinstance(log, Seen):
        return log
    stored: list[Any] = []
    for how, what in log:
        stored += what if how == "stored" else []
        if how == "told" and what not in stored:
            return failed(f"{in_words(log)}: {what!r} was told first")
    return passed(in_words(log))


async def _once(stage: Any) -> Seen:
    events = _events(stage, 10)
    log = await happened(stage, _said(events))
    if isinstance(log, Seen):
        return log
    stores = [what for how, what in log if how == "stored"]
    return passed("ten events were one call of store") if stores == [events] else failed(in_words(log))


async def _empty(stage: Any) -> Seen:
    log = await happened(stage, [("commit",), *_said(_events(stage, 1)), ("commit",), ("commit",)])
    if isinstance(log, Seen):
        return log
    if any(how == "stored" and not what for how, what in log):
        return failed(in_words(log))
    return passed("four commits, of which one had something to store: one call")


async def _full(stage: Any) -> Seen:
    log = await happened(stage, _said(_events(stage, 3)), full_at=[0])
    if isinstance(log, Seen):
        return log
    return failed(in_words(log)) if told(log) else passed("the disk was full, and nobody was told")


async def _refused(stage: Any) -> Seen:
    lost, good = _events(stage, 3), _events(stage, 2)
    log = await happened(stage, [*_said(lost), *_said(good), ("commit",)], full_at=[0])
    if isinstance(log, Seen):
        return log
    returned = [what for how, what in log if how == "returned"]
    if returned != [lost, [], []]:
        return failed(f"{in_words(log)}: the three commits returned {returned}")
    return passed("the refused were returned, and nothing when all went well")


async def _later(stage: Any) -> Seen:
    lost, good = _events(stage, 3), _events(stage, 2)
    log = await happened(stage, [*_said(lost), *_said(good)], full_at=[0])
    if isinstance(log, Seen):
        return log
    stored = [event for how, what in log if how == "stored" for event in what]
    return passed("only what came after it was stored") if stored == good else failed(in_words(log))


async def _meanwhile(stage: Any) -> Seen:
    events = _events(stage, 3)
    log = await happened(stage, [*_said(events), ("commit",), ("commit",)], echoes=events[:2])
    if isinstance(log, Seen):
        return log
    answers = [f"answer to {event}" for event in events[:2]]
    stores = [what for how, what in log if how == "stored" and what]
    if stores == [events, answers] and told(log) == events + answers:
        return passed("two answers that were published meanwhile came with the next commit")
    return failed(in_words(log))


NEEDS = ("told",)
EXERCISE = Exercise(
    id="08-stored-first",
    title="Everybody heard it, and the log knows nothing of it",
    asks="Write the desk between those who say something and those who hear it: nothing is told that is not stored.",
    lesson="08_audit",
    kind="rule",
    answer="Desk",
    drive=drive,
    checks=(
        Check(id="told", expected="every event is told, once, in order", usual=NOT_TOLD, run=_told),
        Check(
            id="stored-first", expected="nothing is told before it is stored", usual=TOLD_FIRST, run=_order, needs=NEEDS
        ),
        Check(
            id="one-commit", expected="all that waits is one call of store", usual=ONE_BY_ONE, run=_once, needs=NEEDS
        ),
        Check(id="empty", expected="with nothing to store, store is not called", usual=EMPTY, run=_empty, needs=NEEDS),
        Check(
            id="disk-full",
            expected="what could not be stored is told to nobody",
            usual=TOLD_UNSTORED,
            run=_full,
            needs=("told", "stored-first", "one-commit"),
        ),
        Check(
            id="not-later",
            expected="what was refused is not stored later",
            usual=TRIED_AGAIN,
            run=_later,
            needs=("told", "one-commit", "disk-full"),
        ),
        Check(
            id="refused",
            expected="commit returns what was refused, and [] when all went well",
            usual=REFUSED_SILENTLY,
            run=_refused,
            needs=("told", "one-commit", "disk-full", "not-later"),
        ),
        Check(
            id="meanwhile",
            expected="what is published while others are told waits for the next commit",
            usual=LOST_MEANWHILE,
            run=_meanwhile,
            needs=("told", "stored-first", "one-commit"),
        ),
    ),
    more=(RAISES,),
)
