"""05-silence: the connection is dead, no error will say so, and the screen shows old numbers."""

from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.objects import Verdict, model_of
from labkit.course.models.property import properties_of
from labkit.course.models.silence import (
    DEAD,
    PING,
    QUIET,
    SLEPT,
    Reference,
    draw_again,
    draw_dead,
    draw_next,
    draw_once,
    draw_own,
    draw_ping,
    draw_quiet,
    draw_slept,
    draw_stays_dead,
    permits,
    smaller,
)
from labkit.course.models.situations import Result, Step

RAISES = Misconception(
    "watchdog-raises",
    "A call raises, or `due` returns none of the three words.",
    "Call `due` a few times by hand, with growing times.",
    "A path returns nothing, or a time is compared with None.",
    'Every path of `due` ends with `return "quiet"`, `"ping"` or `"dead"`.',
)
TRUSTS = Misconception(
    "silence-is-believed",
    "However long the connection stays idle, no ping is sent.",
    "Nothing has arrived for ping_s seconds. What does `due` return?",
    "The idle time is not compared with ping_s, or is measured from the wrong moment.",
    "`if now - self.heard_at >= self.ping_s:` it is time for a ping.",
)
IMPATIENT = Misconception(
    "pings-too-early",
    "A ping is sent, or the connection is given up, too early.",
    "Something arrived a moment ago. Is there a reason to send a ping?",
    "The idle time is counted from the start, or from the last ping, instead of from the last message.",
    "In `heard`: `self.heard_at = now`, whatever arrived.",
)
PINGS_AGAIN = Misconception(
    "pings-again-and-again",
    "While a ping is unanswered, every call of `due` asks for another one.",
    "How many pings does one idle period need?",
    "`due` does not remember that it has already returned ping.",
    '`self.pinged_at = now` when you return "ping"; from there on only patience_s counts.',
)
NEVER_DEAD = Misconception(
    "never-gives-up",
    "The ping stays unanswered, and the connection is still trusted.",
    "The ping has been unanswered for patience_s seconds. What now?",
    "patience_s is not checked, or its time restarts with each call.",
    '`if now - self.pinged_at >= self.patience_s: return "dead"`',
)
DEAD_TOO_SOON = Misconception(
    "patience-from-the-last-word",
    "patience_s counts from the last message instead of the ping: a late call finds it dead without any ping.",
    "A laptop slept for an hour, so `due` is called an hour after the last message. Is the connection dead?",
    "No ping was sent yet. The ping comes first, and patience_s starts with it.",
    '`if self.pinged_at is None: self.pinged_at = now; return "ping"`, before you return "dead".',
)
ONLY_PONG = Misconception(
    "only-a-pong-counts",
    "The watchdog does not start over when something arrives after a ping.",
    "The ping was answered. When is the next one due?",
    "A message that arrives does not clear the pending ping.",
    "In `heard`, also set `self.pinged_at = None`.",
)
REVIVED = Misconception(
    "given-up-line-lives-again",
    "A connection that was given up counts as alive again when a late message arrives.",
    "You returned dead. The caller has closed and is reconnecting. One last message arrives on the old connection.",
    "The old connection becomes alive again, and now there are two.",
    "Once dead, always dead: keep it in `self.is_dead`.",
)
NEXT_WRONG = Misconception(
    "wrong-alarm",
    "next_at() returns a wrong time, so the caller checks too late, or all the time.",
    "What is the earliest moment at which `due` would return something other than quiet?",
    "Without a pending ping it is the last message plus ping_s; with one it is the ping plus patience_s.",
    "`return self.heard_at + self.ping_s if self.pinged_at is None else self.pinged_at + self.patience_s`",
)


SHARED = Misconception(
    "watchdogs-share-their-state",
    "What happens on one connection changes what is due on another one.",
    "Make two watchdogs, and let something be heard by the first. What is due for the second one?",
    "A time or a state that belongs to the class or to the module is one for all connections.",
    "Set it in `__init__`, on `self`: `self.heard_at = now`.",
)


def _wrong(dog: Reference, step: Step, result: Result) -> Verdict | None:
    """Judge one result. Free: what `heard` returns, an int for a float, and `next_at` of one that is dead."""
    name = step[1].partition(".")[2]
    if name == "next_at":
        is_right = type(result.value) in (int, float) and result.value == dog.next_at()
        return None if is_right or dog.is_dead else (repr(dog.next_at()), NEXT_WRONG)
    shows = _shown_by_due(dog, result.value) if name == "due" else None
    was_pinged = dog.pinged_at is not None
    expected = getattr(dog, name)(*step[2])
    if name == "heard":
        return None if result.raised is None else ("no error", RAISES)
    if result.raised is None and result.value == expected:
        return None
    return repr(expected), shows or _shown(expected, result.value, was_pinged)


def _shown_by_due(dog: Reference, came: Any) -> Misconception | None:
    """Return what a wrong result shows by what happened before."""
    if came not in (QUIET, PING, DEAD):
        return RAISES
    if dog.is_dead:
        return REVIVED
    return ONLY_PONG if dog.answered else None


def _shown(expected: str, came: Any, was_pinged: bool) -> Misconception:
    if came == DEAD:
        return DEAD_TOO_SOON
    if came == PING:
        return PINGS_AGAIN if was_pinged else IMPATIENT
    return NEVER_DEAD if expected == DEAD else TRUSTS


MODEL = model_of(Reference, "a watchdog", _wrong, RAISES)


property_of = properties_of(model=MODEL, permits=permits, smaller=smaller, shared=SHARED)
NEEDS = ("quiet", "ping")
DIES = (*NEEDS, "once", "dead")
PROPERTIES = (
    property_of(
        "quiet",
        "no ping while messages keep arriving",
        IMPATIENT,
        draw_quiet,
        "a new silence begins at `now`",
        '`"quiet"` in all other cases',
    ),
    property_of(
        "ping",
        "idle for ping_s: ping",
        TRUSTS,
        draw_ping,
        '`"ping"` when nothing was heard for `ping_s` seconds or more',
        needs=("quiet",),
    ),
    property_of(
        "once",
        "one ping per idle period",
        PINGS_AGAIN,
        draw_once,
        "One silence gets one ping.",
        needs=NEEDS,
    ),
    property_of(
        "dead",
        "no answer for patience_s after the ping: dead",
        NEVER_DEAD,
        draw_dead,
        "`patience_s` seconds or more have gone by since",
        "and nothing was heard meanwhile",
        needs=(*NEEDS, "once"),
    ),
    property_of(
        "slept",
        "never dead without a ping first",
        DEAD_TOO_SOON,
        draw_slept,
        'Without a `"ping"` before, it is never `"dead"`, however late the call comes.',
        always=(SLEPT,),
        needs=DIES,
    ),
    property_of(
        "again",
        "any message starts it over",
        ONLY_PONG,
        draw_again,
        "the ping before it no longer counts",
        'even after `patience_s`, as long as `due` has not returned `"dead"`',
        needs=DIES,
    ),
    property_of(
        "stays-dead",
        "once dead, always dead",
        REVIVED,
        draw_stays_dead,
        "Once dead, it stays dead, whatever is heard.",
        needs=DIES,
    ),
    property_of(
        "next-at",
        "next_at() is when to call due next",
        NEXT_WRONG,
        draw_next,
        'the next time at which `due` could return something other than `"quiet"`, if nothing is heard until then',
        needs=DIES,
    ),
    property_of(
        "own",
        "each watchdog is on its own",
        SHARED,
        draw_own,
        "Each watchdog is on its own",
        needs=(*DIES, "slept", "again", "stays-dead", "next-at"),
    ),
)
EXERCISE = Exercise(
    id="05-silence",
    title="The network is gone, and no error will ever say so",
    lesson="05_heartbeat",
    kind="rule",
    answer="Watchdog",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES,),
)
