"""07-backoff: those who fell together come back together, unless chance is as wide as the crowd."""

from collections.abc import Sequence
from random import Random
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.course.exercises.backoff_faults import (
    ALL_AT_ONCE,
    CAP_GATHERS,
    NARROW,
    NEVER_RESET,
    NO_CAP,
    NO_GROWTH,
    NO_SECONDS,
    RESET_EARLY,
    SHARED,
    WINDOW_FORGOTTEN,
    WINDOW_IGNORED,
)

CLIENTS = 1000
CAP_S = 30.0
NARROW_WINDOW_S = 0.5
TINY_WINDOW_S = 0.2
LONG_ENOUGH_S = 10.0
LATER_S = (1.0, 2.0, 4.0, 8.0, 16.0)  # the second wait to the sixth, when the window is narrow
Step = str | tuple[bool, float]
WAIT = "wait"


def drive(answer: Any, seeds: Sequence[int], window_s: float, steps: Sequence[Step]) -> list[list[Any]]:
    """In the answer's process: for each seed a client that takes these steps, and what its waits were."""
    return [_one(answer(Random(seed), window_s), steps) for seed in seeds]


def _one(client: Any, steps: Sequence[Step]) -> list[Any]:
    waits: list[Any] = []
    for step in steps:
        if step == WAIT:
            waits.append(client.wait())
        else:
            client.ended(*step)
    return waits


class Waits:
    """The waits of many clients, turned: `waits[n]` are the n-th waits of all of them."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.columns = list(zip(*rows, strict=True))

    def __getitem__(self, number: int) -> tuple[float, ...]:
        return self.columns[number]


async def waits_of(stage: Any, window_s: float, steps: Sequence[Step], clients: int = CLIENTS) -> Waits | Seen:
    """What so many clients do, each with dice of its own; or the failure, when a wait is no number of seconds."""
    first = stage.rng.randint(0, 10**6)
    seeds = list(range(first, first + clients))
    shown = f"{clients} clients, window {window_s:g} s, {_in_words(steps)}"
    called = await stage.call(seeds, window_s, list(steps), shown=shown)
    if called.raised:
        return failed(f"{shown}: raised {called.raised}", NO_CAP if "Overflow" in called.raised else NO_SECONDS)
    for wait in (wait for row in called.value for wait in row):
        if type(wait) not in (int, float) or not 0 <= wait < float("inf"):
            return failed(f"{shown}: a wait was {wait!r}", NO_SECONDS)
    return Waits(called.value)


def _in_words(steps: Sequence[Step]) -> str:
    count = sum(step == WAIT for step in steps)
    ended = [step for step in steps if step != WAIT]
    return f"{count} wait{'s' * (count != 1)}" + "".join(f", ended{step}" for step in ended)


def fault_in(waits: Sequence[float], width_s: float, too_wide: Misconception, usual: Misconception) -> Seen | None:
    """What is wrong with waits that must fill 0 to `width_s` evenly, or None."""
    least, most = min(waits), max(waits)
    what = f"{len(waits)} clients waited {least:.3g} to {most:.3g} s where the width is {width_s:g} s"
    if least == most:
        return failed(f"all {len(waits)} clients waited {most:.3g} s, where the width is {width_s:g} s", ALL_AT_ONCE)
    if most > width_s:
        return failed(what, too_wide)
    if most < 0.9 * width_s and least < 0.1 * most:
        return failed(what, usual)
    together = list(waits).count(most)
    if together > len(waits) / 20:
        return failed(f"{what}; {together} of them exactly {most:.3g} s", CAP_GATHERS)
    tenths = [0] * 10
    for wait in waits:
        tenths[min(9, int(10 * wait / width_s))] += 1
    if min(tenths) < len(waits) / 25:
        return failed(f"{what}; so many in each tenth of it: {tenths}", NARROW)
    return None


async def _own(stage: Any) -> Seen:
    seed, window_s = stage.rng.randint(0, 10**6), 3.0
    called = await stage.call(
        [seed, seed, seed + 1, seed], window_s, [WAIT] * 4, shown="4 clients, three with the same dice"
    )
    if called.raised:
        return failed(f"it raised {called.raised}", NO_SECONDS)
    first, second, _, last = called.value
    if first == second == last:
        return passed("clients with the same dice waited alike, whatever others did")
    return failed(f"with the same dice the waits were {_short(first)}, {_short(second)} and {_short(last)}")


def _short(waits: Sequence[Any]) -> str:
    return "[" + ", ".join(f"{wait:.3g}" if type(wait) in (int, float) else repr(wait)[:20] for wait in waits) + "]"


async def _first(stage: Any) -> Seen:
    for window_s in (stage.rng.choice((2.0, 5.0, 9.0, 24.0)), TINY_WINDOW_S):
        waits = await waits_of(stage, window_s, [WAIT])
        if isinstance(waits, Seen):
            return waits
        stage.series.setdefault("first waits, s", tuple(sorted(waits[0])))
        wrong = fault_in(waits[0], window_s, WINDOW_IGNORED, WINDOW_IGNORED)
        if wrong:
            return wrong
    return passed(f"{CLIENTS} first waits fill their window")


async def _later(stage: Any) -> Seen:
    waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * (1 + len(LATER_S)))
    if isinstance(waits, Seen):
        return waits
    for number, width_s in enumerate(LATER_S, start=1):
        wrong = fault_in(waits[number], width_s, NO_GROWTH, NO_GROWTH)
        if wrong:
            return wrong._replace(actual=f"wait {number + 1}: {wrong.actual}")
    return passed("the waits behind the first fill 1, 2, 4, 8 and 16 s")


async def _cap(stage: Any) -> Seen:
    waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 9)
    if isinstance(waits, Seen):
        return waits
    for number in (6, 8):
        wrong = fault_in(waits[number], CAP_S, NO_CAP, NO_CAP)
        if wrong:
            return wrong._replace(actual=f"wait {number + 1}: {wrong.actual}")
    long_ago = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 1200, clients=5)
    return (
        long_ago if isinstance(long_ago, Seen) else passed("from the seventh on they fill 30 s, after 1200 tries too")
    )


async def _wide(stage: Any) -> Seen:
    window_s = stage.rng.choice((40.0, 45.0, 90.0))
    waits = await waits_of(stage, window_s, [WAIT] * 6)
    if isinstance(waits, Seen):
        return waits
    for number in (1, 2, 5):
        wrong = fault_in(waits[number], window_s, NO_CAP, WINDOW_FORGOTTEN)
        if wrong:
            return wrong._replace(actual=f"wait {number + 1}: {wrong.actual}")
    return passed(f"every further wait fills the window of {window_s:g} s, too")


async def _proved(stage: Any) -> Seen:
    for lived_s in (LONG_ENOUGH_S, 3600.0):
        waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 5 + [(True, lived_s), WAIT, WAIT])
        if isinstance(waits, Seen):
            return waits
        wrong = fault_in(waits[5], NARROW_WINDOW_S, NEVER_RESET, NEVER_RESET)
        wrong = wrong or fault_in(waits[6], LATER_S[0], NEVER_RESET, NEVER_RESET)
        if wrong:
            return wrong._replace(actual=f"after ended(True, {lived_s:g}): {wrong.actual}")
    return passed(f"let in and alive for {LONG_ENOUGH_S:g} s: the next wait is a first one")


async def _unproved(stage: Any) -> Seen:
    for ended in ((True, 0.0), (True, LONG_ENOUGH_S - 0.1), (False, 60.0)):
        waits = await waits_of(stage, NARROW_WINDOW_S, [WAIT] * 4 + [ended, WAIT])
        if isinstance(waits, Seen):
            return waits
        wrong = fault_in(waits[4], LATER_S[3], NO_GROWTH, RESET_EARLY)
        if wrong:
            return wrong._replace(actual=f"after ended{ended}: {wrong.actual}")
    return passed("let in for a moment, or not let in at all: the waits go on growing")


NEEDS = ("first-wait",)
GROWS = ("first-wait", "later-waits")
EXERCISE = Exercise(
    id="07-backoff",
    title="Every client waits politely, and all of them come in the same moment",
    asks="Write how long one client waits before each try: a crowd is spread, and a dead server left alone.",
    lesson="07_reconnect_storms",
    kind="rule",
    answer="Backoff",
    drive=drive,
    checks=(
        Check(id="own", expected="each client has its own dice and its own count", usual=SHARED, run=_own),
        Check(
            id="first-wait",
            expected="first waits fill the window that the server told",
            usual=WINDOW_IGNORED,
            run=_first,
        ),
        Check(
            id="later-waits", expected="further waits fill 1, 2, 4, 8, 16 s", usual=NO_GROWTH, run=_later, needs=NEEDS
        ),
        Check(id="cap", expected="then 30 s, however long it lasts", usual=NO_CAP, run=_cap, needs=GROWS),
        Check(
            id="wide-window",
            expected="no wait is narrower than the window",
            usual=WINDOW_FORGOTTEN,
            run=_wide,
            needs=GROWS,
        ),
        Check(
            id="proved", expected="let in and alive for 10 s: start over", usual=NEVER_RESET, run=_proved, needs=GROWS
        ),
        Check(
            id="unproved", expected="anything less: do not start over", usual=RESET_EARLY, run=_unproved, needs=GROWS
        ),
    ),
    more=(NO_SECONDS, ALL_AT_ONCE, NARROW, CAP_GATHERS),
)
