"""What 07-close-codes asks for, as a function, and the closes on which an answer is compared with it."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

from labkit.course.models.shrinking import simpler
from labkit.course.models.situations import Situation, Step, ask, fill, spoil

RESUME, FRESH = "resume", "fresh"
Found = tuple[str, float | None] | None
STOP = (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410)
PASSES = (1001, 1006, 1011, 4408)
EXPIRED = (4401, 4419)
BUSY = 1013
WITH_SLOT = (1012, BUSY, 4429)
KNOWN = (*STOP, *PASSES, *EXPIRED, *WITH_SLOT)
CODES = range(1000, 5000)
UNKNOWN = tuple(code for code in CODES if code not in KNOWN)
NEAR = tuple(code for code in UNKNOWN if {code - 1, code + 1} & {*KNOWN, 999, 3999, 4399, 4500, 5000})
MOST_BYTES = 123  # of a reason, which no close frame can exceed
SLOT = re.compile(r"retry=([0-9]{1,9})")


def after_close(code: int, reason: str) -> Found:
    """Return None to stop, or the credential to come back with and the slot in seconds."""
    if code in EXPIRED:
        return FRESH, None
    if code in STOP or (code not in KNOWN and code // 100 == 44):
        return None
    slots = slots_of(reason) if code in WITH_SLOT else []
    return RESUME, max(slots[0] / 1000, 1.0 if code == BUSY else 0.0) if slots else None


def slots_of(reason: str) -> list[int]:
    """Return the slots in a reason, in milliseconds."""
    return [int(found[1]) for word in reason.split(" ") if (found := SLOT.fullmatch(word))]


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: reasons that a frame can hold, and at most one slot in each."""
    return all(_is_permitted(reason) for _, _, (_, reason) in situation)


def _is_permitted(reason: str) -> bool:
    return (
        len(reason.encode()) <= MOST_BYTES
        and not any(letter.isspace() for letter in reason.replace(" ", ""))
        and len(slots_of(reason)) <= 1
    )


def simpler_reason(value: Any) -> Iterator[Any]:
    """Yield simpler reasons. No code is simpler than another."""
    if isinstance(value, str):
        yield from simpler(value)


# Situations.

WORDS = ("restart", "busy", "slow", "rate limited", "going away", "please", "retry", "later", "=", "\U0001f40b", "")
DECIDING = ("stop", "fresh", "session expired", "auth failed", "resume", "invalid message", "revoked", "no pong")
OVER = (1000, 1001, 1500, 59_999, 60_000, 999_999_999)
UNDER = (0, 1, 2, 10, 500, 998, 999, 1000, 1001)
NO_NUMBERS = (
    *("", "soon", "-5", "+5", "1.5", "5.0", "5s", "2000ms", "5,", "5;", "1_000", "0x10", "1e3", "=5", "5retry=5"),
    *("1000000000", "0000000005", "9" * 20, "\u0663\u0660\u0660\u0660", "\uff15\uff10", "\u00b2", "5\u00b2"),
    *("5\x00", "5\u200b", "5\u0301", "None", "5/5", "{5}", '"5"'),
)
NO_NAMES = (
    *("noretry=5000", "-retry=5000", ".retry=5000", "RETRY=5000", "Retry=5000", "retry:5000", "retry-5000"),
    *("(retry=5000)", "retry_ms=5000", "re-try=5000", "restart,retry=5000", "retry5000", "entry=5000", "ms=5000"),
    *("=5000", "5000", "retry = 5000", "retry= 5000", "retry =5000"),
    *("\ufeffretry=5000", "\u200bretry=5000", "\uff52etry=5000"),
)
MALFORMED = (*(f"retry={value}" for value in NO_NUMBERS), *NO_NAMES)


def words(rng: Random, *between: str) -> str:
    """Draw a reason that has these words, among others that mean nothing."""
    before, after = (rng.choices(WORDS, k=rng.choice((0, 0, 1, 2))) for _ in range(2))
    return " ".join((*before, *between, *after))


def slot(rng: Random, milliseconds: int) -> str:
    """Write a slot, at times with zeros before the number."""
    return f"retry={milliseconds:0{rng.choice((1, 1, 1, 4, 9))}d}"


def any_slot(rng: Random) -> str:
    """Draw a slot."""
    return slot(rng, rng.choice((*UNDER, *OVER, rng.randrange(10 ** rng.randint(1, 9)))))


def each(codes: tuple[int, ...], *reasons: str) -> tuple[Situation, ...]:
    """Return a close for each code and reason."""
    return tuple((ask(code, reason),) for code in codes for reason in reasons)


def draw_without(codes: tuple[int, ...], rng: Random) -> Situation:
    """One of these codes, with a reason that has no slot and may name another outcome."""
    return (ask(rng.choice(codes), rng.choice((words(rng), rng.choice(DECIDING)))),)


def draw_slots(rng: Random) -> Situation:
    """A slot of a second or more, or none at all."""
    most = 10 ** rng.randint(4, 9)
    given = [slot(rng, rng.choice((*OVER, rng.randrange(1000, most))))] if rng.random() < 0.75 else []
    return (ask(rng.choice(WITH_SLOT), words(rng, *given)),)


def draw_malformed(rng: Random) -> Situation:
    """What is almost a slot; at times a slot comes before or after it."""
    given = [rng.choice(MALFORMED), *([slot(rng, rng.choice(OVER))] if rng.random() < 0.3 else [])]
    rng.shuffle(given)
    return (ask(rng.choice(WITH_SLOT), words(rng, *given)),)


def draw_elsewhere(rng: Random) -> Situation:
    """A slot after a code that gives none."""
    return (ask(rng.choice((*STOP, *PASSES, *EXPIRED)), words(rng, any_slot(rng))),)


def draw_busy(rng: Random) -> Situation:
    """A slot of about a second, or of less."""
    code = rng.choice((BUSY, BUSY, *WITH_SLOT))
    return (ask(code, words(rng, slot(rng, rng.choice((*UNDER, rng.randrange(1000)))))),)


def every_unknown() -> tuple[Situation, ...]:
    """Return every code that is not in the table, in situations of 100 closes."""
    return tuple(tuple(ask(code, "") for code in UNKNOWN[at : at + 100]) for at in range(0, len(UNKNOWN), 100))


def draw_unknown(rng: Random) -> Situation:
    """A code that is not in the table, with any reason."""
    code = rng.choice((rng.choice(NEAR), rng.choice(UNKNOWN), rng.randrange(4430, 4600)))
    return (ask(code, words(rng, *rng.choice(((), (any_slot(rng),))))),)


def draw_own(rng: Random) -> Situation:
    """The same closes several times, and callers that clear or fill what they got."""
    closes = [_any_close(rng) for _ in range(rng.randint(1, 4))]
    steps = [rng.choice(closes) for _ in range(rng.randint(2, 8))]
    return (*(rng.choice((step, spoil(step), fill(step))) for step in steps), *closes)


def _any_close(rng: Random) -> Step:
    return ask(rng.choice((*KNOWN, rng.choice(UNKNOWN))), words(rng, *rng.choice(((), (any_slot(rng),)))))
