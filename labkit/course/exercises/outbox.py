"""06-outbox: nobody has decided how much memory a slow member may use, so it uses all of it."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.objects import Verdict, model_of
from labkit.course.models.outbox import (
    Reference,
    draw_age,
    draw_exact,
    draw_limit,
    draw_oldest,
    draw_order,
    draw_over,
    draw_own,
    draw_shrinks,
    draw_stays_over,
    draw_take,
    many_small,
    permits,
)
from labkit.course.models.property import properties_of
from labkit.course.models.situations import Result, Step

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


def _wrong(box: Reference, step: Step, result: Result) -> Verdict | None:
    """Judge one result. Free: a tuple for a list, and what equals True or False."""
    name, arguments = step[1].partition(".")[2], step[2]
    if name == "offer":
        shows = _shown_by_offer(box, *arguments)
        expected: Any = box.offer(*arguments)
    elif name == "take":
        shows = _shown_by_take(box, result.value)
        expected = box.take(*arguments)
    else:
        shows, expected = _shown_by_held(box), box.held_bytes
    came = list(result.value) if isinstance(result.value, tuple) else result.value
    is_right = result.raised is None and type(came) in _TYPES[type(expected)] and came == expected
    return None if is_right else (repr(expected) if name != "take" else _frames(expected), shows)


MODEL = model_of(Reference, "an outbox", _wrong, RAISES)
LOOKS_AGAIN = model_of(Reference, "an outbox", _wrong, RAISES, given_away=SHARED)
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


def _shown_by_take(box: Reference, came: Any) -> Misconception | None:
    if box.is_over:
        return REFUSED_IS_KEPT
    waiting = [frame for frame, _ in box.waiting]
    is_prefix = isinstance(came, list | tuple) and list(came) == waiting[: len(came)]
    return TAKE_IGNORES_SIZE if is_prefix else WRONG_BYTES


def _shown_by_held(box: Reference) -> Misconception | None:
    if box.is_over:
        return REFUSED_IS_KEPT
    return NEVER_SHRINKS if box.taken else None


property_of = properties_of(model=MODEL, permits=permits, shared=SHARED)
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
        model=LOOKS_AGAIN,
    ),
)
EXERCISE = Exercise(
    id="06-outbox",
    title="One member stops reading, and its unread messages fill the memory",
    lesson="06_slow_consumers",
    kind="rule",
    answer="Outbox",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, COUNTS_FRAMES),
)
