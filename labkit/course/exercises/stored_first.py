"""08-stored-first: every member received the event, and the log does not contain it."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Step, in_words
from labkit.evidence import NotHeld, Outcome, broken, held

Log = list[list[Any]]  # what happened, in order: ["stored", events], ["full", events], ["told", event], ["returned", x]

RAISES = Misconception(
    "full-disk-raises",
    "A full disk raises out of commit, and ends the loop that serves every client.",
    "What does `store` do when the disk is full, and what catches it?",
    "The OSError leaves commit, so the server ends, or the next commit never runs.",
    "`try: self.store(batch)` ... `except OSError: return batch`",
)
NOT_TOLD = Misconception(
    "stored-but-not-told",
    "A stored event is not delivered exactly once, in the order in which it was published.",
    "Publish three events, commit, and look at the calls of `tell`.",
    "An event is taken from the wrong end, delivered twice or never, or it stays in the queue.",
    "`for event in batch: self.tell(event)`, after the store.",
)
TOLD_FIRST = Misconception(
    "told-before-stored",
    "An event is delivered before it is stored. If the process dies in between, nobody can prove that it existed.",
    "On which line is an event delivered to the first member, and on which is it stored?",
    "tell is called in publish, or before store.",
    "In commit: first `self.store(batch)`, and only then the loop with tell.",
)
ONE_BY_ONE = Misconception(
    "one-commit-an-event",
    "Every event gets its own commit, and a disk manages only a few hundred commits per second.",
    "How often is `store` called for ten events in one tick?",
    "It is called inside the loop, or in publish.",
    "`self.store(batch)` once, with the whole list.",
)
EMPTY = Misconception(
    "empty-commit",
    "commit calls store with nothing to store, and does so sixty times per second.",
    "What does commit do when nothing was published?",
    "`store([])` costs as much as any other commit.",
    "`if not self.waiting: return []`",
)
TOLD_UNSTORED = Misconception(
    "told-although-not-stored",
    "The disk was full, and the events were delivered anyway.",
    "Follow commit when `store` raises.",
    "The error is caught, and the loop with tell still runs.",
    "Return from the except branch, before the loop with tell.",
)
REFUSED_SILENTLY = Misconception(
    "refused-without-a-word",
    "commit does not return the events that were not stored, so their senders never get `unavailable`.",
    "What does commit return when the disk was full? And when all went well?",
    "It returns nothing, or something other than the list of refused events.",
    "Refused: `return batch`. Stored: `return []`.",
)
TRIED_AGAIN = Misconception(
    "refused-yet-stored-later",
    "A refused event is stored with the next commit: its sender sends it again, and then it is there twice.",
    "After a refusal, what is waiting for the next commit?",
    "The batch is still in the queue, although its senders were told that it was not stored.",
    "Take the batch out of the queue before you store it: `batch, self.waiting = self.waiting, []`.",
)
LOST_MEANWHILE = Misconception(
    "published-meanwhile-is-lost",
    "An event that is published during the deliveries of a commit is lost, or delivered without being stored.",
    "`tell` may lead to another publish. Where does that event go?",
    "The queue is emptied after the loop, or the loop runs over the queue itself, which grows.",
    "`batch, self.waiting = self.waiting, []` before anything else; then use batch only.",
)


def drive(answer: Any, steps: Sequence[Step], full_at: Sequence[int], echoes: Sequence[str] = ()) -> Log:
    """Take one desk through these steps, in the answer's process; return what happened.

    `full_at`: the calls of `store`, counted from 0, at which the disk is full. `echoes`: the events that a member
    answers with another publish, as soon as it receives them.
    """
    log: Log = []
    calls = 0

    def store(events: Any) -> None:
        nonlocal calls
        calls += 1
        is_full = calls - 1 in full_at
        log.append(["full" if is_full else "stored", list(events)])
        if is_full:
            raise OSError("no space left on the disk")

    def tell(event: Any) -> None:
        log.append(["told", event])
        if event in echoes:
            desk.publish(f"answer to {event}")

    desk = answer(store, tell)
    for name, *arguments in steps:
        value = getattr(desk, name)(*arguments)
        if name == "commit":
            log.append(["returned", list(value) if isinstance(value, (list, tuple)) else repr(value)[:40]])
    return log


async def replay(stage: Any, steps: Sequence[Step], full_at: Sequence[int] = (), echoes: Sequence[str] = ()) -> Log:
    """Take one desk through these steps. Raises NotHeld when it raises."""
    calls = ", ".join(map(in_words, steps))
    full = f"; the disk is full at call {full_at[0] + 1}" if full_at else ""
    called = await stage.call(list(steps), list(full_at), list(echoes), shown=calls + full)
    if called.raised:
        raise NotHeld(f"{calls}{full}: raised {called.raised}", RAISES)
    return list(called.value)


def delivered(log: Log) -> list[Any]:
    """Return the events that were delivered, in order."""
    return [what for how, what in log if how == "told"]


def summary(log: Log) -> str:
    """Return what happened, for a sentence."""
    return "; ".join(f"{how} {what}" for how, what in log)[:240] or "nothing happened"


def _events(stage: Any, count: int) -> list[str]:
    return [f"event {stage.rng.getrandbits(20):05x}" for _ in range(count)]


def _published(events: Sequence[str]) -> list[Step]:
    return [*(("publish", event) for event in events), ("commit",)]


async def _delivered(stage: Any) -> Outcome:
    first, second = _events(stage, 3), _events(stage, 2)
    log = await replay(stage, [*_published(first), *_published(second)])
    if delivered(log) != first + second:
        return broken(summary(log))
    return held("five events, in two commits, were delivered once each and in order")


async def _order(stage: Any) -> Outcome:
    events = _events(stage, 3)
    log = await replay(stage, _published(events))
    stored: list[Any] = []
    for how, what in log:
        stored += what if how == "stored" else []
        if how == "told" and what not in stored:
            return broken(f"{summary(log)}: {what!r} was delivered before it was stored")
    return held(summary(log))


async def _once(stage: Any) -> Outcome:
    events = _events(stage, 10)
    log = await replay(stage, _published(events))
    stores = [what for how, what in log if how == "stored"]
    return held("ten events were one call of store") if stores == [events] else broken(summary(log))


async def _empty(stage: Any) -> Outcome:
    log = await replay(stage, [("commit",), *_published(_events(stage, 1)), ("commit",), ("commit",)])
    if any(how == "stored" and not what for how, what in log):
        return broken(summary(log))
    return held("four commits, one of them with something to store: one call of store")


async def _full(stage: Any) -> Outcome:
    log = await replay(stage, _published(_events(stage, 3)), full_at=[0])
    return broken(summary(log)) if delivered(log) else held("the disk was full, and nothing was delivered")


async def _refused(stage: Any) -> Outcome:
    lost, good = _events(stage, 3), _events(stage, 2)
    log = await replay(stage, [*_published(lost), *_published(good), ("commit",)], full_at=[0])
    returned = [what for how, what in log if how == "returned"]
    if returned != [lost, [], []]:
        return broken(f"{summary(log)}: the three commits returned {returned}")
    return held("the refused events were returned, and [] when all went well")


async def _later(stage: Any) -> Outcome:
    lost, good = _events(stage, 3), _events(stage, 2)
    log = await replay(stage, [*_published(lost), *_published(good)], full_at=[0])
    stored = [event for how, what in log if how == "stored" for event in what]
    return held("only the later events were stored") if stored == good else broken(summary(log))


async def _meanwhile(stage: Any) -> Outcome:
    events = _events(stage, 3)
    log = await replay(stage, [*_published(events), ("commit",), ("commit",)], echoes=events[:2])
    answers = [f"answer to {event}" for event in events[:2]]
    stores = [what for how, what in log if how == "stored" and what]
    if stores == [events, answers] and delivered(log) == events + answers:
        return held("two events published during a commit came with the next one")
    return broken(summary(log))


NEEDS = ("told",)
EXERCISE = Exercise(
    id="08-stored-first",
    title="Everybody heard it, and the log knows nothing of it",
    lesson="08_audit",
    kind="rule",
    answer="Desk",
    drive=drive,
    checks=(
        Check("told", "every event is delivered, once, in order", NOT_TOLD, _delivered),
        Check("stored-first", "nothing is delivered before it is stored", TOLD_FIRST, _order, needs=NEEDS),
        Check("one-commit", "all waiting events go into one call of store", ONE_BY_ONE, _once, needs=NEEDS),
        Check("empty", "nothing to store: store is not called", EMPTY, _empty, needs=NEEDS),
        Check(
            "disk-full",
            "an event that could not be stored is not delivered",
            TOLD_UNSTORED,
            _full,
            needs=("told", "stored-first", "one-commit"),
        ),
        Check(
            "not-later",
            "a refused event is not stored later",
            TRIED_AGAIN,
            _later,
            needs=("told", "one-commit", "disk-full"),
        ),
        Check(
            "refused",
            "commit returns the refused events, and [] when all went well",
            REFUSED_SILENTLY,
            _refused,
            needs=("told", "one-commit", "disk-full", "not-later"),
        ),
        Check(
            "meanwhile",
            "an event published during a commit waits for the next one",
            LOST_MEANWHILE,
            _meanwhile,
            needs=("told", "stored-first", "one-commit"),
        ),
    ),
    more=(RAISES,),
)
