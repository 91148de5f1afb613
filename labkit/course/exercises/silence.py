"""05-silence: the line is dead, no error will ever say so, and the screen shows yesterday's numbers."""

from collections.abc import Sequence
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed

Step = tuple[str, float]  # ("heard" | "due" | "next_at", now)
QUIET, PING, DEAD = "quiet", "ping", "dead"

RAISES = Misconception(
    "watchdog-raises",
    "Asking raises, or the answer is none of the three words.",
    (
        "Call `due` some times by hand, at times that grow.",
        "A path returns nothing, or a time is compared with None.",
        'Every path of `due` ends with `return "quiet"`, `"ping"` or `"dead"`.',
    ),
)
TRUSTS = Misconception(
    "silence-is-believed",
    "However long nothing is heard, no ping is sent.",
    (
        "Nothing was heard for ping_s seconds. What does `due` say?",
        "The time of silence is not compared with ping_s, or is measured from the wrong moment.",
        "`if now - self.heard_at >= self.ping_s:` it is time for a ping.",
    ),
)
IMPATIENT = Misconception(
    "pings-too-early",
    "A ping is sent, or the line given up, before the time has come.",
    (
        "Something was heard a moment ago. Is there a reason to ask?",
        "The silence is counted from the start, or from the last ping, and not from what was last heard.",
        "In `heard`: `self.heard_at = now`, whatever came.",
    ),
)
PINGS_AGAIN = Misconception(
    "pings-again-and-again",
    "While an answer is awaited, another ping is sent with every look.",
    (
        "How many pings does one silence need?",
        "`due` does not remember that it has said ping already.",
        '`self.pinged_at = now` when you say "ping", and only the patience counts from there.',
    ),
)
NEVER_DEAD = Misconception(
    "never-gives-up",
    "Nothing comes after the ping, and the line is believed all the same.",
    (
        "The ping is unanswered for patience_s seconds. What now?",
        "The patience is not looked at, or begins anew with each look.",
        '`if now - self.pinged_at >= self.patience_s: return "dead"`',
    ),
)
DEAD_TOO_SOON = Misconception(
    "patience-from-the-last-word",
    "The patience counts from the last word, not from the ping: a late look finds the line dead, unasked.",
    (
        "A laptop slept for an hour. Its first look comes an hour after the last word. Is the line dead?",
        "Nobody has asked yet: the ping comes first, and the patience begins with it.",
        '`if self.pinged_at is None: self.pinged_at = now; return "ping"`, before any word of death.',
    ),
)
ONLY_PONG = Misconception(
    "only-a-pong-counts",
    "After an answer the watchdog does not start over.",
    (
        "The ping was answered. When is the next one due?",
        "What is heard does not clear the ping that waited for it.",
        "In `heard`: `self.pinged_at = None`, too.",
    ),
)
REVIVED = Misconception(
    "given-up-line-lives-again",
    "A line that was given up is believed again, when a word comes late.",
    (
        "You said dead. The caller has closed and reconnects. A last word arrives from the old line.",
        "The old one becomes alive again, and now there are two.",
        "Once dead, always dead: keep it in `self.is_dead`.",
    ),
)
NEXT_WRONG = Misconception(
    "wrong-alarm",
    "next_at() names a wrong time, so the caller looks too late, or all the time.",
    (
        "When is the earliest moment at which `due` would say something else than quiet?",
        "Before a ping it is the last word plus ping_s; behind one it is the ping plus patience_s.",
        "`return self.heard_at + self.ping_s if self.pinged_at is None else self.pinged_at + self.patience_s`",
    ),
)


def drive(answer: Any, ping_s: float, patience_s: float, now: float, steps: Sequence[Step]) -> list[Any]:
    """In the answer's process: one watchdog, made at `now`, that takes these steps; what each returned."""
    dog = answer(ping_s, patience_s, now)
    returned: list[Any] = []
    for name, at in steps:
        if name == "next_at":
            returned.append(dog.next_at())
        else:
            value = getattr(dog, name)(at)
            returned.append(value if name == "due" else None)
    return returned


Question = tuple[str, float, Any, Misconception]  # step, seconds since the start, what is right, why it is not


async def asked(stage: Any, questions: Sequence[Question], ping_s: float = 25.0, patience_s: float = 10.0) -> Seen:
    """One watchdog through these steps. `right` of a step `heard` is None."""
    began = float(stage.rng.randint(100, 9000))
    steps = [(name, began + at) for name, at, _, _ in questions]
    words = [f"{name}(+{at:g})" if name != "next_at" else "next_at()" for name, at, _, _ in questions]
    shown = f"ping_s {ping_s:g}, patience_s {patience_s:g}: {', '.join(words)}"
    called = await stage.call(ping_s, patience_s, began, steps, shown=shown)
    if called.raised:
        return failed(f"{shown}: raised {called.raised}", RAISES)
    for number, ((name, _, right, why), came) in enumerate(zip(questions, called.value, strict=True)):
        if name == "due" and came not in (QUIET, PING, DEAD):
            return failed(f"{words[number]} -> {came!r}, where one of quiet, ping, dead is right", RAISES)
        if name == "next_at":
            is_right = type(came) in (int, float) and abs(came - began - right) < 1e-6
            came = f"+{came - began:g}" if type(came) in (int, float) else repr(came)
            right = f"+{right:g}"
        else:
            is_right = came == right
        if not is_right:
            before = ", ".join(words[max(0, number - 4) : number + 1])
            return failed(f"{before} -> {came}, where {right} is right", why)
    return passed(shown)


async def _quiet(stage: Any) -> Seen:
    talk: list[Question] = []
    for number in range(1, 9):  # a word every 20 s: never 25 s of silence
        talk += [("heard", 20.0 * number, None, RAISES), ("due", 20.0 * number + 19, QUIET, IMPATIENT)]
    return await asked(stage, [("due", 0.0, QUIET, IMPATIENT), ("due", 19.0, QUIET, IMPATIENT), *talk])


async def _ping(stage: Any) -> Seen:
    ping_s = float(stage.rng.randint(15, 40))
    seen = await asked(stage, [("due", ping_s - 0.1, QUIET, IMPATIENT), ("due", ping_s, PING, TRUSTS)], ping_s)
    if seen.verdict != "pass":
        return seen
    later: list[Question] = [("heard", 7.0, None, RAISES), ("due", 6.9 + ping_s, QUIET, IMPATIENT)]
    return await asked(stage, [*later, ("due", 7.1 + ping_s, PING, TRUSTS)], ping_s)


async def _once(stage: Any) -> Seen:
    looks: list[Question] = [("due", 25.0 + at, QUIET, PINGS_AGAIN) for at in (0.0, 0.1, 3.0, 9.9)]
    seen = await asked(stage, [("due", 25.0, PING, TRUSTS), *looks])
    if seen.verdict != "pass":
        return seen
    looks = [("due", 10.0 + at, QUIET, PINGS_AGAIN) for at in (9.0, 10.1, 20.5, 29.9)]
    return await asked(stage, [("due", 10.0, PING, TRUSTS), *looks], ping_s=10.0, patience_s=30.0)


async def _dead(stage: Any) -> Seen:
    patience_s = float(stage.rng.randint(4, 12))
    steps: list[Question] = [("due", 26.0, PING, TRUSTS), ("due", 25.9 + patience_s, QUIET, DEAD_TOO_SOON)]
    return await asked(stage, [*steps, ("due", 26.0 + patience_s, DEAD, NEVER_DEAD)], patience_s=patience_s)


async def _slept(stage: Any) -> Seen:
    hour = 3600.0
    steps: list[Question] = [("due", hour, PING, DEAD_TOO_SOON), ("due", hour + 9.9, QUIET, DEAD_TOO_SOON)]
    return await asked(stage, [*steps, ("due", hour + 10.0, DEAD, NEVER_DEAD)])


async def _again(stage: Any) -> Seen:
    steps: list[Question] = [
        ("due", 25.0, PING, TRUSTS),
        ("heard", 30.0, None, RAISES),
        ("due", 36.0, QUIET, ONLY_PONG),
        ("due", 54.9, QUIET, ONLY_PONG),
        ("due", 55.0, PING, ONLY_PONG),
        ("due", 64.9, QUIET, ONLY_PONG),
        ("due", 65.0, DEAD, ONLY_PONG),
    ]
    return await asked(stage, steps)


async def _stays_dead(stage: Any) -> Seen:
    steps: list[Question] = [("due", 25.0, PING, TRUSTS), ("due", 35.0, DEAD, NEVER_DEAD), ("due", 35.1, DEAD, REVIVED)]
    return await asked(
        stage, [*steps, ("heard", 36.0, None, RAISES), ("due", 36.1, DEAD, REVIVED), ("due", 90.0, DEAD, REVIVED)]
    )


async def _next(stage: Any) -> Seen:
    steps: list[Question] = [
        ("next_at", 0.0, 25.0, NEXT_WRONG),
        ("heard", 12.0, None, RAISES),
        ("next_at", 12.0, 37.0, NEXT_WRONG),
        ("due", 40.0, PING, TRUSTS),
        ("next_at", 40.0, 50.0, NEXT_WRONG),
        ("heard", 41.0, None, RAISES),
        ("next_at", 41.0, 66.0, NEXT_WRONG),
    ]
    return await asked(stage, steps)


NEEDS = ("quiet", "ping")
EXERCISE = Exercise(
    id="05-silence",
    title="The line is dead, and no error will ever say so",
    asks="Write the watchdog of a client: after so much silence it asks, and without an answer it gives the line up.",
    lesson="05_heartbeat",
    kind="rule",
    answer="Watchdog",
    drive=drive,
    checks=(
        Check(id="quiet", expected="who hears something now and then asks nothing", usual=IMPATIENT, run=_quiet),
        Check(id="ping", expected="after ping_s of silence: ping", usual=TRUSTS, run=_ping, needs=("quiet",)),
        Check(id="once", expected="one silence, one ping", usual=PINGS_AGAIN, run=_once, needs=NEEDS),
        Check(
            id="dead", expected="patience_s after the ping: dead", usual=NEVER_DEAD, run=_dead, needs=(*NEEDS, "once")
        ),
        Check(
            id="slept",
            expected="nobody is dead who was not asked",
            usual=DEAD_TOO_SOON,
            run=_slept,
            needs=(*NEEDS, "once", "dead"),
        ),
        Check(
            id="again",
            expected="whatever is heard, it starts over",
            usual=ONLY_PONG,
            run=_again,
            needs=(*NEEDS, "once", "dead"),
        ),
        Check(
            id="stays-dead",
            expected="once dead, always dead",
            usual=REVIVED,
            run=_stays_dead,
            needs=(*NEEDS, "once", "dead"),
        ),
        Check(id="next-at", expected="next_at() is the next moment to look", usual=NEXT_WRONG, run=_next, needs=NEEDS),
    ),
    more=(RAISES,),
)
