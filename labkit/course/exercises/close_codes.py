"""07-close-codes: the server says why it closes, and the client comes back for ever, with a dead ticket."""

from collections.abc import Iterable
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed

RESUME = "resume"
FRESH = "fresh"
Case = tuple[int, str, Any]  # code, reason, what is right

RAISES = Misconception(
    "reason-raises",
    "A reason of an unexpected kind raises, so the client never comes back at all.",
    (
        "Look at the reason that is named: where do you take it apart?",
        "Not every reason has a `retry=`, and not all that follows it is a number.",
        "`found = re.search(...)`, and only when it found something `int(found[1])`.",
    ),
)
COMES_BACK = Misconception(
    "stop-is-not-stop",
    "The client comes back after a code that says: this will not work, however often you try.",
    (
        "Which codes mean that the same thing would happen again?",
        "A wrong token, an invalid message, a session that was revoked or replaced: waiting repairs none of it.",
        "A set: `{1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410}`, and None for those.",
    ),
)
GIVES_UP = Misconception(
    "gives-up-too-early",
    "The client stops for good after a close that has nothing to do with it.",
    (
        "Look at the code that is named: whose fault is it, and will it pass?",
        "A server that goes away, a lost network, a bug of the server, a missed pong: they pass.",
        "Stop for the codes that say stop; come back for all the others.",
    ),
)
STALE = Misconception(
    "expired-is-presented-again",
    "After 4401 or 4419 the client comes back with the credential that was just refused for its age.",
    (
        "What is wrong after 4419: the person, or the paper?",
        "The session's credential is past its time, so it is refused again and again.",
        'For 4401 and 4419: `("fresh", None)`.',
    ),
)
NEW_FOR_ALL = Misconception(
    "fresh-ticket-every-time",
    "A fresh ticket is fetched after every close, so after a crash the whole crowd storms the ticket desk as well.",
    (
        "Ten thousand clients lose a server. Who has to issue ten thousand tickets?",
        "The session is still good after 1006: its `resume` needs nobody else.",
        '`("resume", ...)` for all that come back, but 4401 and 4419.',
    ),
)
SLOT_LOST = Misconception(
    "slot-not-kept",
    "The server gives each client a moment of its own, and the client comes at another.",
    (
        "What is behind `retry=`, and in which unit?",
        "It is not read, or milliseconds are taken for seconds.",
        "`int(found[1]) / 1000` of `re.search(...)`, for 1012, 1013 and 4429.",
    ),
)
SLOT_READ_LOOSELY = Misconception(
    "slot-read-loosely",
    "Something that is no slot is taken for one.",
    (
        "Look at the reason that is named: is there a word that is exactly `retry=` and digits?",
        "A part of another word, a sign, a fraction, or more digits than anyone waits for, was read as a number.",
        r'`re.search(r"(?:^|\s)retry=([0-9]{1,9})(?:\s|$)", reason)`',
    ),
)
SLOT_ANYWHERE = Misconception(
    "slot-of-any-code",
    "A slot is kept after a code that gives none.",
    (
        "Which three codes carry a slot?",
        "For the others a reason is a text for people.",
        "`if code in (1012, 1013, 4429)` around the reading of the reason.",
    ),
)
TOO_SOON = Misconception(
    "busy-is-called-at-once",
    "A server that has said 1013, I am busy, is called again within a second.",
    (
        "How soon may you come after 1013, whatever the slot says?",
        "The slot alone may be 0, and then a busy server is called in a hot loop.",
        "For 1013: `max(1.0, slot)`.",
    ),
)
UNKNOWN = Misconception(
    "unknown-codes-guessed",
    "A code that is not in the table is judged wrongly, so a client cannot outlive its server's next version.",
    (
        "What do 44xx and 45xx mean when the number itself is new to you?",
        "44xx: it is yours, stop. 45xx: it is ours, come back. Anything else: the connection is gone, that is all.",
        "`if 4400 <= code <= 4499: return None`, behind the codes that you know.",
    ),
)


async def judged(stage: Any, cases: Iterable[Case], usual: Misconception) -> Seen:
    """Each case must come out as it says."""
    count = 0
    for code, reason, right in cases:
        called = await stage.call(code, reason)
        if called.raised:
            return failed(f"{code} {reason!r} raised {called.raised}", RAISES)
        came = tuple(called.value) if isinstance(called.value, list) else called.value
        if not _same(came, right):
            return failed(f"{code} {reason!r} -> {came!r}, where {right!r} is right", _why(came, right, usual))
        count += 1
    return passed(f"{count} closes were judged as they must be")


def _same(came: Any, right: Any) -> bool:
    if right is None or not isinstance(came, tuple) or len(came) != 2:
        return came is right
    if came[0] != right[0] or (came[1] is None) != (right[1] is None):
        return False
    return right[1] is None or (type(came[1]) in (int, float) and abs(came[1] - right[1]) < 1e-6)


def _why(came: Any, right: Any, usual: Misconception) -> Misconception:
    """What is wrong before it comes to what this check is about."""
    if right is not None and came is None:
        return usual if usual is UNKNOWN else GIVES_UP
    if right is not None and isinstance(came, tuple) and came[:1] == (FRESH,) and right[0] == RESUME:
        return NEW_FOR_ALL
    return usual


async def _stops(stage: Any) -> Seen:
    cases = [(code, "whatever", None) for code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410)]
    return await judged(stage, stage.rng.sample(cases, len(cases)), COMES_BACK)


async def _returns(stage: Any) -> Seen:
    cases: list[Case] = [
        (1001, "going away", None),
        (1006, "", None),
        (1011, "internal error", None),
        (4408, "no pong", None),
    ]
    return await judged(stage, [(code, reason, (RESUME, None)) for code, reason, _ in cases], GIVES_UP)


async def _fresh(stage: Any) -> Seen:
    cases = [(4401, "auth required", (FRESH, None)), (4419, "session expired", (FRESH, None))]
    return await judged(stage, cases, STALE)


async def _slots(stage: Any) -> Seen:
    ms = [stage.rng.randint(1500, 90_000) for _ in range(3)]
    cases: list[Case] = [
        (1012, f"restart retry={ms[0]}", (RESUME, ms[0] / 1000)),
        (4429, f"rate limited retry={ms[1]}", (RESUME, ms[1] / 1000)),
        (1013, f"busy retry={ms[2]}", (RESUME, ms[2] / 1000)),
        (1012, "restart retry=0", (RESUME, 0.0)),
        (1012, f"retry={ms[0]}", (RESUME, ms[0] / 1000)),
        (1012, f"restart retry={ms[0]} please", (RESUME, ms[0] / 1000)),
        (1012, "restart", (RESUME, None)),
        (1013, "slow", (RESUME, None)),
    ]
    return await judged(stage, cases, SLOT_LOST)


async def _loose(stage: Any) -> Seen:
    odd = [
        "retry=",
        "retry=soon",
        "retry=-5",
        "retry=1.5",
        "noretry=2000",
        "retry=2000ms",
        "retry = 2000",
        "RETRY=2000",
    ]
    odd += ["retry=99999999999999999999", "retry=\u0663\u0660\u0660\u0660", ""]
    return await judged(stage, [(1012, f"restart {text}".strip(), (RESUME, None)) for text in odd], SLOT_READ_LOOSELY)


async def _elsewhere(stage: Any) -> Seen:
    cases: list[Case] = [(code, "retry=60000", (RESUME, None)) for code in (1001, 1006, 1011, 4408)]
    cases += [(4419, "retry=60000", (FRESH, None)), (4403, "retry=60000", None)]
    return await judged(stage, cases, SLOT_ANYWHERE)


async def _busy(stage: Any) -> Seen:
    cases = [(1013, f"busy retry={ms}", (RESUME, max(1.0, ms / 1000))) for ms in (0, 1, 999, 1000, 1001)]
    return await judged(stage, [*cases, (4429, "rate limited retry=200", (RESUME, 0.2))], TOO_SOON)


async def _unknown(stage: Any) -> Seen:
    mine = [(code, "", None) for code in (4400, 4402, stage.rng.randint(4430, 4498), 4499)]
    others = [
        (code, "", (RESUME, None)) for code in (4500, 4599, stage.rng.randint(4501, 4598), 1014, 3000, 4000, 4399, 4999)
    ]
    return await judged(stage, [*mine, *others], UNKNOWN)


NEEDS = ("returns",)
EXERCISE = Exercise(
    id="07-close-codes",
    title="The server says why it closes, and the client does not listen",
    asks="Say what a client does after a close: stop, or come back, when, and with which credential.",
    lesson="07_reconnect_storms",
    kind="rule",
    answer="after_close",
    checks=(
        Check(id="returns", expected="what passes by itself: come back with resume", usual=GIVES_UP, run=_returns),
        Check(id="stops", expected="what would happen again: stop", usual=COMES_BACK, run=_stops),
        Check(id="fresh", expected="4401 and 4419: come back with a fresh ticket", usual=STALE, run=_fresh),
        Check(
            id="slots",
            expected="1012, 1013, 4429: the slot in the reason, in seconds",
            usual=SLOT_LOST,
            run=_slots,
            needs=NEEDS,
        ),
        Check(
            id="no-slot",
            expected="what is no slot is none",
            usual=SLOT_READ_LOOSELY,
            run=_loose,
            needs=(*NEEDS, "slots"),
        ),
        Check(
            id="elsewhere",
            expected="other codes give no slot",
            usual=SLOT_ANYWHERE,
            run=_elsewhere,
            needs=(*NEEDS, "stops", "fresh"),
        ),
        Check(id="busy", expected="after 1013 at least one second", usual=TOO_SOON, run=_busy, needs=(*NEEDS, "slots")),
        Check(
            id="unknown",
            expected="44xx: stop; anything else that is new: come back",
            usual=UNKNOWN,
            run=_unknown,
            needs=NEEDS,
        ),
    ),
    more=(RAISES, NEW_FOR_ALL),
)
