"""03-history: a client was away for a moment, and the server cannot tell it what it missed."""

from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.history import (
    Reference,
    draw_edge,
    draw_epoch,
    draw_future,
    draw_gap,
    draw_missed,
    draw_nothing_missed,
    draw_own,
    draw_seq,
    permits,
)
from labkit.course.models.objects import Verdict, model_of
from labkit.course.models.property import properties_of
from labkit.course.models.situations import Result, Step, is_changed

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
SHARED = Misconception(
    "rooms-share-their-state",
    "What is published in one room shows in another one.",
    "Make two rooms, and publish in the first. What does the second one number its first event?",
    "A list or a number that belongs to the class, to the module or to a default argument is one for all rooms.",
    "Create it in `__init__`: `self.kept = deque(maxlen=keeps)`.",
)


def _wrong(room: Reference, step: Step, result: Result) -> Verdict | None:
    """Judge one result. Free: a tuple for a list and a list for a tuple, what equals a bool."""
    expected = getattr(room, step[1].partition(".")[2])(*step[2])
    shows = _shown(room, step, result.value)
    room.is_given_away = room.is_given_away or is_changed(step)
    if result.raised is None and _as_lists(result.value) == _as_lists(expected):
        return None
    return Result(expected).shown, shows


def _as_lists(value: Any) -> Any:
    return [_as_lists(one) for one in value] if isinstance(value, list | tuple) else value


def _shown(room: Reference, step: Step, came: Any) -> Misconception | None:
    """Return what a wrong result of this step shows."""
    if step[1].endswith(".publish"):
        return NOT_COUNTED
    if room.is_given_away:
        return SHARED_LIST
    epoch, seq = step[2]
    if epoch != room.epoch:
        return EPOCH_IGNORED
    if seq > room.newest:
        return FUTURE
    return _shown_in_the_past(room, seq, came)


def _shown_in_the_past(room: Reference, seq: int, came: Any) -> Misconception | None:
    if seq < room.forgotten - 1:
        return HIDDEN
    is_said_lost = isinstance(came, list | tuple) and len(came) == 2 and came[1] is True
    is_at_edge = seq in (room.forgotten - 1, room.forgotten) and room.newest >= room.keeps
    return EDGE if is_at_edge and (is_said_lost or seq < room.forgotten) else NOT_ALL


MODEL = model_of(Reference, "a room", _wrong, RAISES)
LOOKS_AGAIN = model_of(Reference, "a room", _wrong, RAISES, given_away=SHARED_LIST)


property_of = properties_of(model=MODEL, permits=permits, shared=SHARED)
NEEDS = ("seq", "missed")
PROPERTIES = (
    property_of(
        "seq",
        "publish returns 1, 2, 3, ... without gaps",
        NOT_COUNTED,
        draw_seq,
        "gives the event the next number, beginning with 1 and without gaps, however many are kept",
        "returns the number",
    ),
    property_of(
        "missed",
        "everything after the given seq, in order",
        NOT_ALL,
        draw_missed,
        "a list of all events after `seq`, in order, each as a pair `(seq, text)`, and `gap` is `False`",
        needs=("seq",),
    ),
    property_of(
        "nothing-missed",
        "nothing missed: no events, and no gap",
        NOT_ALL,
        draw_nothing_missed,
        "A client of this epoch that missed nothing gets `[]` and `False`, also from a room without events.",
        needs=NEEDS,
    ),
    property_of(
        "gap",
        "some events are no longer kept: no events, and a gap",
        HIDDEN,
        draw_gap,
        "When the room cannot give all of them, it returns `[]` and `True`",
        "one of them is no longer kept",
        needs=NEEDS,
    ),
    property_of(
        "edge",
        "the oldest kept event decides, exactly",
        EDGE,
        draw_edge,
        "remembers the last `keeps` events of one room, exactly that many",
        needs=(*NEEDS, "nothing-missed", "gap"),
    ),
    property_of(
        "epoch",
        "a seq of another epoch: a gap",
        EPOCH_IGNORED,
        draw_epoch,
        "the epoch is not the room's, letter by letter",
        "also in a room without events",
        "or `None`",
        needs=NEEDS,
    ),
    property_of(
        "future",
        "a seq that was never published: a gap",
        FUTURE,
        draw_future,
        "`seq` is larger than every number so far",
        needs=NEEDS,
    ),
    property_of(
        "own-list",
        "the returned list is not the history itself, and each room is on its own",
        SHARED_LIST,
        draw_own,
        "Each room is on its own",
        "The list belongs to the caller, which may change it.",
        needs=(*NEEDS, "nothing-missed", "gap", "edge", "epoch", "future"),
        model=LOOKS_AGAIN,
    ),
)
EXERCISE = Exercise(
    id="03-history",
    title="A member was away for a moment, and nobody can say what it missed",
    lesson="03_rooms",
    kind="rule",
    answer="Room",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, SHARED),
)
