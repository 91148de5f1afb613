"""08-stored-first: every member received the event, and the log does not contain it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.property import Draw, Property, Wrong, properties_of
from labkit.course.models.situations import Result, Situation, is_earlier_changed, label
from labkit.course.models.stored_first import (
    MADE,
    Reference,
    draw_empty,
    draw_full,
    draw_later,
    draw_meanwhile,
    draw_own,
    draw_refused,
    draw_told,
    odd_and_many,
    simpler_plan,
)

DESK_RAISES = Misconception(
    "desk-raises",
    "The desk raises although nothing is wrong, and ends the loop that serves every client.",
    "Look at the line that is named. What does it expect of an event?",
    "An event may be any value: a dict is no key of a dict and no member of a set, and None and 0 are events, too.",
    "Keep events in a list, and call nothing on them.",
)
RAISES = Misconception(
    "full-disk-raises",
    "What `store` raises leaves commit, and ends the loop that serves every client.",
    "What does `store` do when the disk is full, or broken, or gone, and what catches it?",
    "An OSError leaves commit, so the server ends, or the next commit never runs. There are many kinds of it.",
    "`try: self.store(batch)` ... `except OSError: return batch`",
)
NOT_TOLD = Misconception(
    "stored-but-not-told",
    "An event is not stored and delivered exactly once, in the order in which it was published.",
    "Compare what was published with the calls of `store` and `tell`.",
    "An event is taken from the wrong end, delivered twice or never, stays in the queue, or is taken for an equal one.",
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
    "An event that is published during the deliveries of a commit is lost, or does not wait for the next commit.",
    "`tell` may lead to another publish. Where does that event go?",
    "The queue is emptied after the loop, or a loop runs until the queue is empty, while it grows.",
    "`batch, self.waiting = self.waiting, []` before anything else; then use batch only.",
)
SHARED = Misconception(
    "desks-share-their-state",
    "What one desk holds shows in another one, or the caller's list is the desk's own.",
    "Make two desks, and publish at the first. What does the second one store?",
    "A list that belongs to the class, to the module or to a default argument is one for all desks.",
    "Create it in `__init__`: `self.waiting = []`.",
)


def model(wanted: Sequence[Misconception], situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the reference. Return its first fault of one of these kinds, or of any by default.

    Free: a tuple for a list, and what `publish` returns.
    """
    desks: dict[str, Reference] = {}
    for number, (step, result) in enumerate(zip(situation, results)):
        if step[0] == "make":
            desks[step[1]] = Reference(*step[2])
            expected, shows = Result(), _shown_by_making(result)
        else:
            expected, shows = _judged(desks[label(step)], step[1].partition(".")[2], step[2], result)
        if shows is not None and (not wanted or shows in wanted):
            shows = shows if wanted else SHARED  # a desk that is wrong in other ways never comes so far
            return Wrong(number, expected.shown if step[0] != "make" else "a desk", shows)
        if shows not in (None, REFUSED_SILENTLY):  # from here on, the reference does not know what the answer holds
            return None
    return None


def _shown_by_making(result: Result) -> Misconception | None:
    if result.raised is not None:
        return DESK_RAISES
    return NOT_TOLD if result.calls else None


def _judged(desk: Reference, name: str, given: Sequence[Any], came: Result) -> tuple[Result, Misconception | None]:
    """Return what was expected, and what the result shows; None if it is right. The reference does the step."""
    waiting, replied = desk.waiting[:], len(desk.replied)
    expected: Result = getattr(desk, name)(*given)
    if is_earlier_changed(came):
        return expected, SHARED
    calls = [_call(*one) for one in came.calls]
    stores, tells = ([what for how, what in calls if how == kind] for kind in ("store", "tell"))
    stored = [event for events in stores for event in events]
    if came.raised is not None:
        return expected, RAISES if expected.value else DESK_RAISES
    if name == "publish":
        return expected, TOLD_FIRST if tells else ONE_BY_ONE if stores else None
    if calls == [*expected.calls]:
        value = list(came.value) if isinstance(came.value, tuple) else came.value
        return expected, None if value == expected.value else REFUSED_SILENTLY
    if not waiting:
        return expected, EMPTY if [] in stores else _shown_by_others(desk, [*stored, *tells])
    if calls[:1] == [*expected.calls[:1]]:
        return expected, _shown_after_store(expected, stores, len(desk.replied) > replied)
    if calls and calls[0][0] == "tell":
        return expected, TOLD_FIRST
    if len(stores) > 1 and stored == waiting:
        return expected, ONE_BY_ONE
    return expected, _shown_by_others(desk, [one for one in stored if one not in waiting])


def _call(name: str, what: Any) -> tuple[str, Any]:
    """Return a call, with the events of `store` as a list."""
    if name != "store":
        return name, what
    return name, list(what) if isinstance(what, list | tuple) else [what]


def _shown_by_others(desk: Reference, events: Sequence[Any]) -> Misconception:
    """Return what it shows that these events were handled, or others were not."""
    if any(one in desk.refused for one in events):
        return TRIED_AGAIN
    return LOST_MEANWHILE if desk.replied else NOT_TOLD


def _shown_after_store(expected: Result, stores: Sequence[Any], has_replies: bool) -> Misconception:
    """Return what is wrong after a first call of store that is right."""
    if expected.value:
        return TOLD_UNSTORED if len(stores) == 1 else TRIED_AGAIN
    return LOST_MEANWHILE if has_replies else NOT_TOLD


make = properties_of(simpler=simpler_plan, shared=SHARED, made=MADE, drawn=60)


def property_of(
    name: str, expected: str, wanted: tuple[Misconception, ...], draw: Draw, *enforces: str, **more: Any
) -> Property:
    """Return a property that fails by these misconceptions alone; none: by any."""
    usual = wanted[0] if wanted else SHARED
    return make(name, expected, usual, draw, *enforces, model=partial(model, wanted), **more)


NEEDS = ("told",)
STORES = ("told", "stored-first", "one-commit")
PROPERTIES = (
    property_of(
        "told",
        "every event is delivered, once, in order",
        (NOT_TOLD, DESK_RAISES),
        draw_told,
        "then it tells each one, in that order",
        "An event is any value, and two events may be equal.",
        always=odd_and_many(),
    ),
    property_of(
        "stored-first",
        "nothing is delivered before it is stored",
        (TOLD_FIRST,),
        draw_told,
        "Nothing is stored or told yet.",
        "then it tells each one",
        needs=NEEDS,
    ),
    property_of(
        "one-commit",
        "all waiting events go into one call of store",
        (ONE_BY_ONE,),
        draw_told,
        "It stores all events that wait with **one** call of `store`, in the order in which they came",
        needs=NEEDS,
    ),
    property_of(
        "empty",
        "nothing to store: store is not called",
        (EMPTY,),
        draw_empty,
        "When none waits, it does not call `store`.",
        needs=NEEDS,
    ),
    property_of(
        "disk-full",
        "an event that could not be stored is not delivered",
        (TOLD_UNSTORED, RAISES),
        draw_full,
        "When `store` raises an `OSError` of any kind, `commit` tells nothing",
        needs=STORES,
    ),
    property_of(
        "not-later",
        "a refused event is not stored later",
        (TRIED_AGAIN,),
        draw_later,
        "The desk forgets them",
        needs=("told", "one-commit", "disk-full"),
    ),
    property_of(
        "refused",
        "commit returns the refused events, and [] when all went well",
        (REFUSED_SILENTLY,),
        draw_refused,
        "returns a list of the events that were refused, in their order",
        "Then it returns `[]`.",
        needs=("told", "one-commit", "disk-full", "not-later"),
    ),
    property_of(
        "meanwhile",
        "an event published during a commit waits for the next one",
        (LOST_MEANWHILE,),
        draw_meanwhile,
        "`tell` may lead to another `publish` before it returns. That event waits for the next `commit`",
        needs=STORES,
    ),
    property_of(
        "own",
        "each desk is on its own, and the list that commit returns is the caller's",
        (),
        draw_own,
        "Each desk is on its own",
        "The list that `commit` returns belongs to the caller, which may change it.",
        needs=(*STORES, "empty", "disk-full", "not-later", "refused", "meanwhile"),
    ),
)
EXERCISE = Exercise(
    id="08-stored-first",
    title="Everybody received it, and the audit log has no record of it",
    lesson="08_audit",
    kind="rule",
    answer="Desk",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, DESK_RAISES),
)
