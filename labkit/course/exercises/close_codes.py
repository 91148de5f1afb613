"""07-close-codes: the server says why it closes, and the client keeps coming back with an expired session."""

from collections.abc import Iterable
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.evidence import Outcome, broken, held

RESUME = "resume"
FRESH = "fresh"
Case = tuple[int, str, Any]  # close code, reason, right answer

RAISES = Misconception(
    "reason-raises",
    "An unexpected reason raises, so the client never reconnects.",
    "Look at the reason that is named. Where do you take it apart?",
    "Not every reason contains `retry=`, and what follows it is not always a number.",
    "`found = re.search(...)`, and `int(found[1])` only if it found something.",
)
COMES_BACK = Misconception(
    "stop-is-not-stop",
    "The client reconnects after a code that means: this will not work, however often you try.",
    "After which codes would the same thing happen again?",
    "A wrong token, an invalid message, a session that was revoked or replaced: waiting fixes none of them.",
    "A set: `{1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410}`, and None for those.",
)
GIVES_UP = Misconception(
    "gives-up-too-early",
    "The client stops for good after a close that it could recover from.",
    "Look at the code that is named. Whose fault is it, and will it pass?",
    "A server that goes away, a lost network, a bug in the server, a missed pong: they all pass.",
    "Stop for the codes that mean stop, and come back for all the others.",
)
STALE = Misconception(
    "expired-is-presented-again",
    "After 4401 or 4419 the client comes back with the credential that was refused.",
    "What has expired after 4419?",
    "The session itself has expired, so it is refused every time.",
    'For 4401 and 4419: `("fresh", None)`.',
)
NEW_FOR_ALL = Misconception(
    "fresh-ticket-every-time",
    "The client fetches a fresh ticket after every close, so after a crash all clients storm the ticket issuer too.",
    "Ten thousand clients lose a server. Who has to issue ten thousand tickets?",
    "The session is still good after 1006, and `resume` needs no other service.",
    '`("resume", ...)` for every code after which the client comes back, except 4401 and 4419.',
)
SLOT_LOST = Misconception(
    "slot-not-kept",
    "The server gives each client its own time to come back, and the client ignores it.",
    "What follows `retry=`, and in which unit?",
    "It is not read, or milliseconds are taken for seconds.",
    "`int(found[1]) / 1000` from `re.search(...)`, for 1012, 1013 and 4429.",
)
SLOT_READ_LOOSELY = Misconception(
    "slot-read-loosely",
    "Something that is not a retry time is taken for one.",
    "Look at the reason that is named. Is there a word that is exactly `retry=` and digits?",
    "Part of another word, a sign, a fraction, or far too many digits were read as a number.",
    r'`re.search(r"(?:^|\s)retry=([0-9]{1,9})(?:\s|$)", reason)`',
)
SLOT_ANYWHERE = Misconception(
    "slot-of-any-code",
    "A retry time is used after a code that carries none.",
    "Which three codes carry a retry time?",
    "For all others the reason is text for people.",
    "`if code in (1012, 1013, 4429)` around the code that reads the reason.",
)
TOO_SOON = Misconception(
    "busy-is-called-at-once",
    "After 1013 (busy) the client comes back within a second.",
    "How soon may you come back after 1013, whatever the retry time says?",
    "The retry time may be 0, and then the client calls a busy server in a tight loop.",
    "For 1013: `max(1.0, slot)`.",
)
UNKNOWN = Misconception(
    "unknown-codes-guessed",
    "A code that is not in the table gets the wrong answer, so the client breaks when its server adds a code.",
    "What do 44xx and 45xx mean when you do not know the number itself?",
    "44xx: the client is at fault, stop. 45xx: the server is, come back. Anything else: just a lost connection.",
    "`if 4400 <= code <= 4499: return None`, after the codes that you know.",
)


async def judged(stage: Any, cases: Iterable[Case], usual: Misconception) -> Outcome:
    """Compare the answer for each case with the right one."""
    count = 0
    for code, reason, right in cases:
        called = await stage.call(code, reason)
        if called.raised:
            return broken(f"{code} {reason!r} raised {called.raised}", RAISES)
        came = tuple(called.value) if isinstance(called.value, list) else called.value
        if not _same(came, right):
            return broken(f"{code} {reason!r} -> {came!r}, expected {right!r}", _why(came, right, usual))
        count += 1
    return held(f"all {count} answers were right")


def _same(came: Any, right: Any) -> bool:
    if right is None or not isinstance(came, tuple) or len(came) != 2:
        return came is right
    if came[0] != right[0] or (came[1] is None) != (right[1] is None):
        return False
    return right[1] is None or (type(came[1]) in (int, float) and abs(came[1] - right[1]) < 1e-6)


def _why(came: Any, right: Any, usual: Misconception) -> Misconception:
    """Return the misconception behind a wrong answer: a more basic one, or the usual one of this check."""
    if right is not None and came is None:
        return usual if usual is UNKNOWN else GIVES_UP
    if right is not None and isinstance(came, tuple) and came[:1] == (FRESH,) and right[0] == RESUME:
        return NEW_FOR_ALL
    return usual


async def _stops(stage: Any) -> Outcome:
    cases = [(code, "any reason", None) for code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410)]
    return await judged(stage, stage.rng.sample(cases, len(cases)), COMES_BACK)


async def _returns(stage: Any) -> Outcome:
    cases: list[Case] = [
        (1001, "going away", None),
        (1006, "", None),
        (1011, "internal error", None),
        (4408, "no pong", None),
    ]
    return await judged(stage, [(code, reason, (RESUME, None)) for code, reason, _ in cases], GIVES_UP)


async def _fresh(stage: Any) -> Outcome:
    cases = [(4401, "auth required", (FRESH, None)), (4419, "session expired", (FRESH, None))]
    return await judged(stage, cases, STALE)


async def _slots(stage: Any) -> Outcome:
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


async def _loose(stage: Any) -> Outcome:
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


async def _elsewhere(stage: Any) -> Outcome:
    cases: list[Case] = [(code, "retry=60000", (RESUME, None)) for code in (1001, 1006, 1011, 4408)]
    cases += [(4419, "retry=60000", (FRESH, None)), (4403, "retry=60000", None)]
    return await judged(stage, cases, SLOT_ANYWHERE)


async def _busy(stage: Any) -> Outcome:
    cases = [(1013, f"busy retry={ms}", (RESUME, max(1.0, ms / 1000))) for ms in (0, 1, 999, 1000, 1001)]
    return await judged(stage, [*cases, (4429, "rate limited retry=200", (RESUME, 0.2))], TOO_SOON)


async def _unknown(stage: Any) -> Outcome:
    mine = [(code, "", None) for code in (4400, 4402, stage.rng.randint(4430, 4498), 4499)]
    others = [
        (code, "", (RESUME, None)) for code in (4500, 4599, stage.rng.randint(4501, 4598), 1014, 3000, 4000, 4399, 4999)
    ]
    return await judged(stage, [*mine, *others], UNKNOWN)


NEEDS = ("returns",)
EXERCISE = Exercise(
    id="07-close-codes",
    title="The server says why it closes, and the client does not listen",
    lesson="07_reconnect_storms",
    kind="rule",
    answer="after_close",
    checks=(
        Check("returns", "a close that the client can recover from: come back with resume", GIVES_UP, _returns),
        Check("stops", "a close that would happen again: stop", COMES_BACK, _stops),
        Check("fresh", "4401 and 4419: come back with a fresh ticket", STALE, _fresh),
        Check("slots", "1012, 1013, 4429: the retry time from the reason, in seconds", SLOT_LOST, _slots, needs=NEEDS),
        Check("no-slot", "a malformed retry time is ignored", SLOT_READ_LOOSELY, _loose, needs=(*NEEDS, "slots")),
        Check(
            "elsewhere", "other codes carry no retry time", SLOT_ANYWHERE, _elsewhere, needs=(*NEEDS, "stops", "fresh")
        ),
        Check("busy", "after 1013: at least one second", TOO_SOON, _busy, needs=(*NEEDS, "slots")),
        Check("unknown", "unknown 44xx: stop; any other unknown code: come back", UNKNOWN, _unknown, needs=NEEDS),
    ),
    more=(RAISES, NEW_FOR_ALL),
)
