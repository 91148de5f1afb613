"""07-backoff: clients that lost a server together return together, unless the jitter spreads them out."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.backoff import (
    CAP_S,
    MANY,
    WAITS,
    Reference,
    draw_anew,
    draw_cap,
    draw_first,
    draw_later,
    draw_own,
    draw_proved,
    draw_unproved,
    draw_wide,
    is_drawn_anew,
    is_even,
    is_proved,
    most_at_once,
    permits,
    simpler,
    smaller,
    standard,
)
from labkit.course.models.objects import Judge, Verdict, model_of
from labkit.course.models.property import Wrong, properties_of
from labkit.course.models.situations import Result, Situation, Step

ROUNDED_S = 0.001  # a wait may be rounded to milliseconds

NO_SECONDS = Misconception(
    "wait-is-no-number",
    "wait() does not return a number of seconds, or it raises.",
    "Call `wait()` a few times by hand, on one object, and look at what it returns.",
    "A path returns None, a generator or list is exhausted, or a name is not defined.",
    "`wait` ends with `return self.rng.uniform(0, width)`, with the width of this attempt.",
)
SHARED = Misconception(
    "dice-or-count-shared",
    "All clients share one random generator or one count: one client's attempts change another one's waits.",
    "Where do the random numbers come from, and where is the number of attempts kept?",
    "The numbers come from the module `random`, or the count is in the class or in a global.",
    "In `__init__`: `self.rng = rng` and `self.tries = 0`; draw with `self.rng.uniform(...)`.",
)
ALL_AT_ONCE = Misconception(
    "everybody-at-once",
    "The wait is not random: all clients that lost the server together come back together.",
    "A thousand clients lose one server. What differs between them?",
    "Each computes the same number for the same attempt, so all of them come at the same moment.",
    "`self.rng.uniform(0, width)`, drawn again for each wait.",
)
NARROW = Misconception(
    "jitter-too-narrow",
    "The jitter covers only part of the width, so the clients come back in only part of the time.",
    "How short can a wait be, and how long, within the width of this attempt?",
    "Something fixed is added before or after the draw, so part of the width stays empty.",
    "Full jitter: `self.rng.uniform(0, width)`, and nothing added.",
)
WINDOW_IGNORED = Misconception(
    "window-ignored",
    "The first wait is not drawn from the window that the server sent.",
    "Look at the width of the very first wait. Where does it come from?",
    "Only the server knows how many clients there are. A constant is right for one number of clients only.",
    "Before the first attempt, the width is `self.window_s`.",
)
NO_GROWTH = Misconception(
    "waits-do-not-double",
    "The waits after the first are not drawn from 1, 2, 4, 8, 16 seconds.",
    "Write down the widths of the second, third and fourth wait.",
    "The count does not grow with each wait, or the doubling starts at another power.",
    "For attempt n after the first (n = 1, 2, ...): `2.0 ** (n - 1)`; then increase the count.",
)
NO_CAP = Misconception(
    "no-cap",
    "After a long outage a wait is longer than 30 s, or the doubling itself raises.",
    "How wide is the fiftieth wait? And the 1200th?",
    "2 ** 50 seconds are 36 million years, and 2.0 ** 1200 raises OverflowError.",
    "`min(CAP_S, 2.0 ** min(tries, 10))`: limit the exponent, then the width.",
)
CAP_GATHERS = Misconception(
    "cap-gathers-the-crowd",
    "The cap is applied to the drawn wait, so it brings the clients together that the jitter had spread out.",
    "What happens to all the waits that are drawn beyond 30 s?",
    "`min(30, drawn)` makes each of them exactly 30: all clients at once again, half a minute later.",
    "Cap the width, then draw: `self.rng.uniform(0, min(CAP_S, width))`.",
)
WINDOW_FORGOTTEN = Misconception(
    "window-forgotten",
    "After the first wait the window is ignored, so many clients come back within one second.",
    "The window is 45 s, because there are many clients. How wide is the second wait?",
    "1 s: the same number of clients in a forty-fifth of the time.",
    "`max(self.window_s, ...)` around the width of every later wait; it may exceed the cap.",
)
NEVER_RESET = Misconception(
    "never-reset",
    "A client that was connected for an hour waits as if it had failed all day.",
    "What does your `ended` do after a connection that was let in and lasted?",
    "The count only ever grows.",
    "In `ended`: `if was_let_in and lived_s >= 10: self.tries = 0`.",
)
RESET_EARLY = Misconception(
    "reset-when-it-opens",
    "Opening the connection counts as success, so a server that accepts and closes is called again and again.",
    "A server lets clients in and closes at once, every time. How often does your client call it?",
    "The count resets when the connection opens, or only one of two is checked: was it let in, and did it last?",
    "`if was_let_in and lived_s >= 10:`, both, before you set the count to 0.",
)


DRAWN_ONCE = Misconception(
    "drawn-once",
    "One draw decides several waits: the clients that come early come early each time, together.",
    "How many numbers does one client take from `rng`, and when?",
    "A number that was drawn before is used again, so a client's waits follow from one another.",
    "Draw in `wait`, not in `__init__`: `return self.rng.uniform(0, width)`.",
)


def _same(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare clients with each other: of one seed, one window and equal calls, they get equal waits."""
    seen: dict[Any, Any] = {}

    def judge(client: Reference, step: Step, result: Result) -> Verdict | None:
        name = step[1].partition(".")[2]
        getattr(client, name)(*step[2])
        came = result.value if name == "wait" else None
        expected = seen.setdefault((client.seed, client.window_s, client.history), came)
        return None if result.raised is None and came == expected else (f"{expected!r} as before", SHARED)

    return model_of(Reference, "a client", judge, NO_SECONDS)(situation, results)


def _spread(situation: Situation, results: Sequence[Result], judge: Judge | None = None) -> Wrong | None:
    """Compare the waits of a crowd, or of one client, with the width of each. Free: how they are drawn."""
    wrong = model_of(Reference, "clients", judge or _judged_spread, NO_SECONDS)(situation, results)
    if wrong is None:
        return None
    result = results[wrong.step]
    if result.raised is not None:
        return wrong._replace(shows=NO_CAP if result.raised.startswith("OverflowError") else NO_SECONDS)
    if not _are_seconds(result.value):
        odd = next(wait for wait in result.value if not _are_seconds([wait]))
        return wrong._replace(came=f"{Result(odd).shown} among {len(result.value)} waits")
    return wrong._replace(came=_in_words(result.value), series=tuple(sorted(result.value)))


def _anew(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare the waits of a crowd with its earlier ones, too."""

    def judge(client: Reference, step: Step, result: Result) -> Verdict | None:
        if (wrong := _judged_spread(client, step, result)) is not None or step[2][0] != WAITS:
            return wrong
        *earlier, latest = waited = [*client.waited, standard(result.value)]
        client.waited = waited
        return None if is_drawn_anew(latest, earlier) else ("waits that do not follow from earlier ones", DRAWN_ONCE)

    return _spread(situation, results, judge)


def _are_seconds(waits: Sequence[Any]) -> bool:
    return {*map(type, waits)} <= {int, float} and all(map(isfinite, waits)) and min(waits) >= 0


def _in_words(waits: Sequence[float]) -> str:
    return f"{len(waits)} waits from {min(waits):.3g} to {max(waits):.3g} s"


def _judged_spread(client: Reference, step: Step, result: Result) -> Verdict | None:
    """Judge the waits of one step."""
    template, *arguments = step[2]
    if template not in (WAITS, MANY):
        client.ended(*arguments)
        return None if result.raised is None else ("no error", NO_SECONDS)
    count = arguments[0] if template == MANY else 1
    ends, client.ends = client.ends, None
    first = client.tries == 0
    widths = [client.wait() for _ in range(count)]
    if result.raised is not None or not _are_seconds(result.value):
        return "numbers of seconds", NO_SECONDS
    waits = result.value if template == WAITS else result.value[widths.index(widths[-1]) :]
    shows = _shown(client, waits, widths[-1], first, ends)
    return None if shows is None else (f"waits spread evenly from 0 to {widths[-1]:g} s", shows)


def _shown(
    client: Reference, waits: Sequence[float], width_s: float, is_first: bool, ends: Any
) -> Misconception | None:
    """Return what is wrong with waits that should be drawn evenly from 0 to this width, or None."""
    least, most = min(waits), max(waits)
    if least == most:
        return ALL_AT_ONCE
    if most > width_s + ROUNDED_S:
        return _shown_by_too_wide(client, width_s, is_first)
    if is_even(waits, width_s):
        return None
    if most < 0.9 * width_s and least < 0.1 * most:
        return _shown_by_too_narrow(client, width_s, is_first, ends)
    is_gathered = list(waits).count(most) > most_at_once(len(waits), width_s)
    return CAP_GATHERS if is_gathered else NARROW


def _shown_by_too_wide(client: Reference, width_s: float, is_first: bool) -> Misconception:
    if client.was_reset:
        return NEVER_RESET
    if is_first:
        return WINDOW_IGNORED
    return NO_CAP if width_s >= CAP_S else NO_GROWTH


def _shown_by_too_narrow(client: Reference, width_s: float, is_first: bool, ends: Any) -> Misconception:
    if ends is not None and not is_proved(*ends):
        return RESET_EARLY
    if is_first:
        return WINDOW_IGNORED
    if width_s == client.window_s:
        return WINDOW_FORGOTTEN
    return NO_CAP if width_s >= CAP_S else NO_GROWTH


property_of = properties_of(permits=permits, simpler=simpler, smaller=smaller)
NEEDS = ("first-wait",)
GROWS = (*NEEDS, "later-waits")
CAPPED = (*GROWS, "anew", "cap")
PROPERTIES = (
    property_of(
        "own",
        "each client has its own random generator and its own count",
        SHARED,
        draw_own,
        "All chance comes from `rng`",
        "equal waits, whatever other clients do",
        shared=SHARED,
        model=_same,
    ),
    property_of(
        "first-wait",
        "the first wait is spread over the window that the server sent",
        WINDOW_IGNORED,
        draw_first,
        "evenly from 0 to the width of this try",
        "The width of the first try is `window_s`",
        drawn=4,
        again=2,
        model=_spread,
    ),
    property_of(
        "later-waits",
        "later waits are spread over 1, 2, 4, 8, 16 s",
        NO_GROWTH,
        draw_later,
        "of the second 1 second, then 2, 4, 8, 16",
        needs=NEEDS,
        drawn=2,
        again=1,
        model=_spread,
    ),
    property_of(
        "anew",
        "each wait is drawn anew",
        DRAWN_ONCE,
        draw_anew,
        "Each wait is drawn anew",
        needs=GROWS,
        drawn=3,
        again=1,
        model=_anew,
    ),
    property_of(
        "cap",
        "then over 30 s, however long the outage",
        NO_CAP,
        draw_cap,
        "from there on, 30, however many tries there are",
        needs=(*GROWS, "anew"),
        drawn=2,
        again=1,
        model=_spread,
    ),
    property_of(
        "wide-window",
        "no width is smaller than the window",
        WINDOW_FORGOTTEN,
        draw_wide,
        "No width is ever less than `window_s`, which may itself be more than 30.",
        needs=CAPPED,
        drawn=2,
        again=1,
        model=_spread,
    ),
    property_of(
        "proved",
        "let in and connected for 10 s: start over",
        NEVER_RESET,
        draw_proved,
        "If it was let in and lived 10 seconds or more, the next wait is a first one again",
        needs=(*GROWS, "anew"),
        drawn=2,
        again=1,
        model=_anew,
    ),
    property_of(
        "unproved",
        "anything less: do not start over",
        RESET_EARLY,
        draw_unproved,
        "If not, nothing changes.",
        needs=CAPPED,
        drawn=2,
        again=1,
        model=_spread,
    ),
)
EXERCISE = Exercise(
    id="07-backoff",
    title="Every client waits politely, and all of them return at the same moment",
    lesson="07_reconnect_storms",
    kind="rule",
    answer="Backoff",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(NO_SECONDS, ALL_AT_ONCE, NARROW, CAP_GATHERS),
)
