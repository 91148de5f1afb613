"""05-silence: the connection is dead, no error will say so, and the screen shows old numbers."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.evidence import Outcome, broken, held

QUIET, PING, DEAD = "quiet", "ping", "dead"

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


def drive(answer: Any, ping_s: float, patience_s: float, now: float, steps: Sequence[tuple[str, float]]) -> list[Any]:
    """Take one watchdog, made at `now`, through these steps, in the answer's process; return each result."""
    watchdog = answer(ping_s, patience_s, now)
    returned: list[Any] = []
    for name, at in steps:
        if name == "next_at":
            returned.append(watchdog.next_at())
        else:
            value = getattr(watchdog, name)(at)
            returned.append(value if name == "due" else None)
    return returned


Question = tuple[str, float, Any, Misconception]  # method, seconds since the start, right answer, else this


async def replay(stage: Any, questions: Sequence[Question], ping_s: float = 25.0, patience_s: float = 10.0) -> Outcome:
    """Take one watchdog through these steps, and compare each result; that of `heard` is None."""
    began = float(stage.rng.randint(100, 9000))
    steps = [(name, began + at) for name, at, _, _ in questions]
    calls = [f"{name}(+{at:g})" if name != "next_at" else "next_at()" for name, at, _, _ in questions]
    shown = f"ping_s {ping_s:g}, patience_s {patience_s:g}: {', '.join(calls)}"
    called = await stage.call(ping_s, patience_s, began, steps, shown=shown)
    if called.raised:
        return broken(f"{shown}: raised {called.raised}", RAISES)
    for number, ((name, _, right, why), came) in enumerate(zip(questions, called.value, strict=True)):
        if name == "due" and came not in (QUIET, PING, DEAD):
            return broken(f"{calls[number]} -> {came!r}, expected quiet, ping or dead", RAISES)
        if name == "next_at":
            is_right = type(came) in (int, float) and abs(came - began - right) < 1e-6
            came = f"+{came - began:g}" if type(came) in (int, float) else repr(came)
            right = f"+{right:g}"
        else:
            is_right = came == right
        if not is_right:
            before = ", ".join(calls[max(0, number - 4) : number + 1])
            return broken(f"{before} -> {came}, expected {right}", why)
    return held(shown)


async def _quiet(stage: Any) -> Outcome:
    busy: list[Question] = []
    for number in range(1, 9):  # a message every 20 s: never idle for 25 s
        busy += [("heard", 20.0 * number, None, RAISES), ("due", 20.0 * number + 19, QUIET, IMPATIENT)]
    return await replay(stage, [("due", 0.0, QUIET, IMPATIENT), ("due", 19.0, QUIET, IMPATIENT), *busy])


async def _ping(stage: Any) -> Outcome:
    ping_s = float(stage.rng.randint(15, 40))
    seen = await replay(stage, [("due", ping_s - 0.1, QUIET, IMPATIENT), ("due", ping_s, PING, TRUSTS)], ping_s)
    if seen.verdict != "held":
        return seen
    later: list[Question] = [("heard", 7.0, None, RAISES), ("due", 6.9 + ping_s, QUIET, IMPATIENT)]
    return await replay(stage, [*later, ("due", 7.1 + ping_s, PING, TRUSTS)], ping_s)


async def _once(stage: Any) -> Outcome:
    looks: list[Question] = [("due", 25.0 + at, QUIET, PINGS_AGAIN) for at in (0.0, 0.1, 3.0, 9.9)]
    seen = await replay(stage, [("due", 25.0, PING, TRUSTS), *looks])
    if seen.verdict != "held":
        return seen
    looks = [("due", 10.0 + at, QUIET, PINGS_AGAIN) for at in (9.0, 10.1, 20.5, 29.9)]
    return await replay(stage, [("due", 10.0, PING, TRUSTS), *looks], ping_s=10.0, patience_s=30.0)


async def _dead(stage: Any) -> Outcome:
    patience_s = float(stage.rng.randint(4, 12))
    steps: list[Question] = [("due", 26.0, PING, TRUSTS), ("due", 25.9 + patience_s, QUIET, DEAD_TOO_SOON)]
    return await replay(stage, [*steps, ("due", 26.0 + patience_s, DEAD, NEVER_DEAD)], patience_s=patience_s)


async def _slept(stage: Any) -> Outcome:
    hour = 3600.0
    steps: list[Question] = [("due", hour, PING, DEAD_TOO_SOON), ("due", hour + 9.9, QUIET, DEAD_TOO_SOON)]
    return await replay(stage, [*steps, ("due", hour + 10.0, DEAD, NEVER_DEAD)])


async def _again(stage: Any) -> Outcome:
    steps: list[Question] = [
        ("due", 25.0, PING, TRUSTS),
        ("heard", 30.0, None, RAISES),
        ("due", 36.0, QUIET, ONLY_PONG),
        ("due", 54.9, QUIET, ONLY_PONG),
        ("due", 55.0, PING, ONLY_PONG),
        ("due", 64.9, QUIET, ONLY_PONG),
        ("due", 65.0, DEAD, ONLY_PONG),
    ]
    return await replay(stage, steps)


async def _stays_dead(stage: Any) -> Outcome:
    steps: list[Question] = [("due", 25.0, PING, TRUSTS), ("due", 35.0, DEAD, NEVER_DEAD), ("due", 35.1, DEAD, REVIVED)]
    return await replay(
        stage, [*steps, ("heard", 36.0, None, RAISES), ("due", 36.1, DEAD, REVIVED), ("due", 90.0, DEAD, REVIVED)]
    )


async def _next(stage: Any) -> Outcome:
    steps: list[Question] = [
        ("next_at", 0.0, 25.0, NEXT_WRONG),
        ("heard", 12.0, None, RAISES),
        ("next_at", 12.0, 37.0, NEXT_WRONG),
        ("due", 40.0, PING, TRUSTS),
        ("next_at", 40.0, 50.0, NEXT_WRONG),
        ("heard", 41.0, None, RAISES),
        ("next_at", 41.0, 66.0, NEXT_WRONG),
    ]
    return await replay(stage, steps)


NEEDS = ("quiet", "ping")
EXERCISE = Exercise(
    id="05-silence",
    title="The line is dead, and no error will ever say so",
    lesson="05_heartbeat",
    kind="rule",
    answer="Watchdog",
    drive=drive,
    checks=(
        Check("quiet", "no ping while messages keep arriving", IMPATIENT, _quiet),
        Check("ping", "idle for ping_s: ping", TRUSTS, _ping, needs=("quiet",)),
        Check("once", "one ping per idle period", PINGS_AGAIN, _once, needs=NEEDS),
        Check("dead", "no answer for patience_s after the ping: dead", NEVER_DEAD, _dead, needs=(*NEEDS, "once")),
        Check("slept", "never dead without a ping first", DEAD_TOO_SOON, _slept, needs=(*NEEDS, "once", "dead")),
        Check("again", "any message starts it over", ONLY_PONG, _again, needs=(*NEEDS, "once", "dead")),
        Check("stays-dead", "once dead, always dead", REVIVED, _stays_dead, needs=(*NEEDS, "once", "dead")),
        Check("next-at", "next_at() is when to call due next", NEXT_WRONG, _next, needs=NEEDS),
    ),
    more=(RAISES,),
)
