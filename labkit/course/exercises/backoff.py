"""07-backoff: clients that lost a server together return together, unless the jitter spreads them out."""

from collections.abc import Sequence
from random import Random
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Step, in_words
from labkit.evidence import NotHeld, Outcome, broken, held

CLIENTS = 1000
CAP_S = 30.0
NARROW_WINDOW_S = 0.5
TINY_WINDOW_S = 0.2
LONG_ENOUGH_S = 10.0
LATER_S = (1.0, 2.0, 4.0, 8.0, 16.0)  # widths of the second to the sixth wait, when the window is narrow
WAIT = ("wait",)

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


def drive(answer: Any, seeds: Sequence[int], window_s: float, steps: Sequence[Step]) -> list[list[Any]]:
    """Take one client per seed through these steps, in the answer's process; return the waits of each."""
    return [_waits(answer(Random(seed), window_s), steps) for seed in seeds]


def _waits(client: Any, steps: Sequence[Step]) -> list[Any]:
    returned = [(name, getattr(client, name)(*arguments)) for name, *arguments in steps]
    return [value for name, value in returned if name == "wait"]


Waits = list[tuple[float, ...]]  # waits[n] are the n-th waits of all clients


async def waits_of(stage: Any, window_s: float, steps: Sequence[Step], clients: int = CLIENTS) -> Waits:
    """Take so many clients, each with its own random generator, through these steps.

    Raises NotHeld when one raises or a wait is not a number of seconds.
    """
    first = stage.rng.randint(0, 10**6)
    seeds = list(range(first, first + clients))
    shown = f"{clients} clients, window {window_s:g} s, {_summary(steps)}"
    called = await stage.call(seeds, window_s, list(steps), shown=shown)
    if called.raised:
        raise NotHeld(f"{shown}: raised {called.raised}", NO_CAP if "Overflow" in called.raised else NO_SECONDS)
    for wait in (wait for row in called.value for wait in row):
        if type(wait) not in (int, float) or not 0 <= wait < float("inf"):
            raise NotHeld(f"{shown}: a wait was {wait!r}", NO_SECONDS)
    return list(zip(*called.value, strict=True))


def _summary(steps: Sequence[Step]) -> str:
    count = steps.count(WAIT)
    others = (in_words(step) for step in steps if step != WAIT)
    return ", ".join([f"{count} wait{'s' * (count != 1)}", *others])


def must_fill(
    waits: Sequence[float], width_s: float, too_wide: Misconception, usual: Misconception, where: str = ""
) -> None:
    """Raise NotHeld unless the waits are spread evenly over 0 to `width_s`; `where` begins the message.

    The bounds hold for 1000 clients: a tenth of the width with less than 40 % of its share does not happen by chance.
    """
    least, most = min(waits), max(waits)
    if least == most:
        raise NotHeld(f"{where}all {len(waits)} clients waited {most:.3g} s; the width is {width_s:g} s", ALL_AT_ONCE)
    spread = f"{where}{len(waits)} clients waited {least:.3g} to {most:.3g} s; the width is {width_s:g} s"
    if most > width_s:
        raise NotHeld(spread, too_wide)
    if most < 0.9 * width_s and least < 0.1 * most:
        raise NotHeld(spread, usual)
    together = list(waits).count(most)
    if together > len(waits) / 20:
        raise NotHeld(f"{spread}; {together} of them exactly {most:.3g} s", CAP_GATHERS)
    tenths = [0] * 10
    for wait in waits:
        tenths[min(9, int(10 * wait / width_s))] += 1
    if min(tenths) < len(waits) / 25:
        raise NotHeld(f"{spread}; clients in each tenth of it: {tenths}", NARROW)


async def _own(stage: Any) -> Outcome:
    seed, window_s = stage.rng.randint(0, 10**6), 3.0
    called = await stage.call(
        [seed, seed, seed + 1, seed], window_s, [WAIT] * 4, shown="4 clients, three with the same seed"
    )
    if called.raised:
        return broken(f"raised {called.raised}", NO_SECONDS)
    first, second, _, last = called.value
    if first == second == last:
        return held("clients with the same seed waited the same, whatever the others did")
    return broken(f"with the same seed the waits were {_short(first)}, {_short(second)} and {_short(last)}")


def _short(waits: Sequence[Any]) -> str:
    return "[" + ", ".join(f"{wait:.3g}" if type(wait) in (int, float) else repr(wait)[:20] for wait in waits) + "]"


async def _first(stage: Any) -> Outcome:
    for window_s in (stage.rng.choice((2.0, 5.0, 9.0, 24.0)), TINY_WINDOW_S):
        waits = await waits_of(stage, window_s, [WAIT])
        stage.series.setdefault("first waits, s", tuple(sorted(waits[0])))
        must_fill(waits[0], window_s, WINDOW_IGNORED, WINDOW_IGNORED)
    return held(f"{CLIENTS} first waits are spread over the window")


async def _later(stage: Any) -> Outcome:
    waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * (1 + len(LATER_S)))
    for number, width_s in enumerate(LATER_S, start=1):
        must_fill(waits[number], width_s, NO_GROWTH, NO_GROWTH, f"wait {number + 1}: ")
    return held("the waits after the first are spread over 1, 2, 4, 8 and 16 s")


async def _cap(stage: Any) -> Outcome:
    waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 9)
    for number in (6, 8):
        must_fill(waits[number], CAP_S, NO_CAP, NO_CAP, f"wait {number + 1}: ")
    await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 1200, clients=5)
    return held("from the seventh on the waits are spread over 30 s, and 1200 attempts raise nothing")


async def _wide(stage: Any) -> Outcome:
    window_s = stage.rng.choice((40.0, 45.0, 90.0))
    waits = await waits_of(stage, window_s, [WAIT] * 6)
    for number in (1, 2, 5):
        must_fill(waits[number], window_s, NO_CAP, WINDOW_FORGOTTEN, f"wait {number + 1}: ")
    return held(f"the later waits are spread over the window of {window_s:g} s, too")


async def _proved(stage: Any) -> Outcome:
    for lived_s in (LONG_ENOUGH_S, 3600.0):
        waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 5 + [("ended", True, lived_s), WAIT, WAIT])
        where = f"after ended(True, {lived_s:g}): "
        must_fill(waits[5], NARROW_WINDOW_S, NEVER_RESET, NEVER_RESET, where)
        must_fill(waits[6], LATER_S[0], NEVER_RESET, NEVER_RESET, where)
    return held(f"let in and connected for {LONG_ENOUGH_S:g} s: the next wait is a first one")


async def _unproved(stage: Any) -> Outcome:
    for ended in ((True, 0.0), (True, LONG_ENOUGH_S - 0.1), (False, 60.0)):
        waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 4 + [("ended", *ended), WAIT])
        must_fill(waits[4], LATER_S[3], NO_GROWTH, RESET_EARLY, f"after ended{ended}: ")
    return held("let in for a moment, or not at all: the waits keep growing")


NEEDS = ("first-wait",)
GROWS = ("first-wait", "later-waits")
EXERCISE = Exercise(
    id="07-backoff",
    title="Every client waits politely, and all of them come in the same moment",
    lesson="07_reconnect_storms",
    kind="rule",
    answer="Backoff",
    drive=drive,
    checks=(
        Check("own", "each client has its own random generator and its own count", SHARED, _own),
        Check("first-wait", "the first wait is spread over the window that the server sent", WINDOW_IGNORED, _first),
        Check("later-waits", "later waits are spread over 1, 2, 4, 8, 16 s", NO_GROWTH, _later, needs=NEEDS),
        Check("cap", "then over 30 s, however long the outage", NO_CAP, _cap, needs=GROWS),
        Check("wide-window", "no width is smaller than the window", WINDOW_FORGOTTEN, _wide, needs=GROWS),
        Check("proved", "let in and connected for 10 s: start over", NEVER_RESET, _proved, needs=GROWS),
        Check("unproved", "anything less: do not start over", RESET_EARLY, _unproved, needs=GROWS),
    ),
    more=(NO_SECONDS, ALL_AT_ONCE, NARROW, CAP_GATHERS),
)
