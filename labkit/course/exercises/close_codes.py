"""07-close-codes: the server says why it closes, and the client keeps coming back with an expired session."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.close_codes import (
    BUSY,
    EXPIRED,
    FRESH,
    KNOWN,
    MALFORMED,
    PASSES,
    RESUME,
    STOP,
    WITH_SLOT,
    Found,
    after_close,
    draw_busy,
    draw_elsewhere,
    draw_malformed,
    draw_own,
    draw_slots,
    draw_unknown,
    draw_without,
    each,
    every_unknown,
    permits,
    simpler_reason,
    slots_of,
)
from labkit.course.models.property import Wrong, properties_of
from labkit.course.models.situations import Result, Situation, is_changed, is_earlier_changed

RAISES = Misconception(
    "reason-raises",
    "A close raises in the client, so it never reconnects.",
    "Look at the line that is named. What does it expect of the code, and of the reason?",
    "Not every reason contains `retry=`, what follows it is not always a number, and a table does not have every code.",
    "`found = re.search(...)`, and `int(found[1])` only if it found something; `TABLE.get(code, ...)` for a table.",
)
NO_PAIR = Misconception(
    "neither-none-nor-a-pair",
    "The result is neither None nor a pair of a credential and a slot, so the client cannot use it.",
    "Look at each `return`. What are the two parts of the pair?",
    'The first part is "resume" or "fresh", and the second one is None or a number of seconds.',
    '`return "resume", None`',
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
SLOT_INVENTED = Misconception(
    "slot-invented",
    "The client makes up a slot although the server gave none, so all clients come back at the same moment.",
    "What is the second part of the pair when the reason has no `retry=`?",
    "A number means: the server has chosen this moment. None means: draw one yourself.",
    "`slot = int(found[1]) / 1000 if found else None`, and no `max` with None.",
)
SLOT_READ_LOOSELY = Misconception(
    "slot-read-loosely",
    "Something that is not a retry time is taken for one.",
    "Look at the reason that is named. Is there a word that is exactly `retry=` and one to nine digits?",
    "Part of another word, a sign, a fraction, another alphabet's digits or too many of them were read as a number.",
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
SECOND_FOR_ALL = Misconception(
    "least-second-for-all",
    "The least second of 1013 also changes the slots of other codes.",
    "After which code does a short slot count as one second? And after the others?",
    "1012 and 4429 give each client its own moment, which may be at once.",
    "`max(1.0, slot) if code == 1013 else slot`",
)
UNKNOWN_CODE = Misconception(
    "unknown-codes-guessed",
    "A code that is not in the table gets the wrong answer, so the client breaks when its server adds a code.",
    "What do 44xx and 45xx mean when you do not know the number itself?",
    "44xx: the client is at fault, stop. 45xx: the server is, come back. Anything else: just a lost connection.",
    "`if 4400 <= code <= 4499: return None`, after the codes that you know.",
)
REMEMBERED = Misconception(
    "closes-share-their-state",
    "What the function returned before, or what a caller did with it, changes what it returns now.",
    "Call it twice with the same close, and change the first result in between.",
    "A list at the top of the module is one for all calls, and so is a variable that remembers the last close.",
    'Return a new pair each time: `return "resume", slot`.',
)


def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the contract. Free: a list for the pair, an int for a float, and the last digits.

    A list that changes when the caller changes another one is wrong, in situations in which a caller does.
    """
    is_watched = any(map(is_changed, situation))
    for number, ((_, _, (code, reason)), result) in enumerate(zip(situation, results)):
        expected = after_close(code, reason)
        came = tuple(result.value) if isinstance(result.value, list) else result.value
        if result.raised is not None:
            return Wrong(number, repr(expected), RAISES)
        if not _is_same(came, expected):
            return Wrong(number, repr(expected), _shown(code, reason, came, expected))
        if is_watched and is_earlier_changed(result):
            return Wrong(number, "that each result stays as it is", REMEMBERED)
    return None


def _is_pair(came: Any) -> bool:
    return bool(
        isinstance(came, tuple)
        and len(came) == 2
        and came[0] in (RESUME, FRESH)
        and isinstance(came[1], int | float | None)
    )


def _is_same(came: Any, right: Found) -> bool:
    if right is None or not _is_pair(came):
        return came is right
    credential, slot = right
    if slot is None or came[1] is None:
        return bool(came == right)
    return bool(came[0] == credential and abs(came[1] - slot) < 1e-6)


def _shown(code: int, reason: str, came: Any, right: Found) -> Misconception:
    """Return what a wrong result of this close shows."""
    if came is not None and not _is_pair(came):
        return NO_PAIR
    if right is None or came is None or came[0] != right[0]:
        return _shown_by_outcome(code, came, right)
    return _shown_by_slot(code, reason, came[1])


def _shown_by_outcome(code: int, came: Any, right: Found) -> Misconception:
    if code not in KNOWN:
        return UNKNOWN_CODE
    if right is None:
        return COMES_BACK
    if came is None:
        return GIVES_UP
    return STALE if right[0] == FRESH else NEW_FOR_ALL


def _shown_by_slot(code: int, reason: str, came: Any) -> Misconception:
    slots = slots_of(reason)
    is_read = any(letter.isdigit() for letter in reason)
    if came is not None and (code not in WITH_SLOT or not slots):
        return SLOT_INVENTED if not is_read else SLOT_READ_LOOSELY if code in WITH_SLOT else SLOT_ANYWHERE
    if came is not None and any(
        letter.isdigit() for word in reason.split(" ") if not slots_of(word) for letter in word
    ):
        return SLOT_READ_LOOSELY
    if came is not None and slots[0] < 1000:
        return TOO_SOON if code == BUSY and came < 1 else SECOND_FOR_ALL if came == 1 else SLOT_LOST
    return SLOT_LOST


property_of = properties_of(model=model, permits=permits, simpler=simpler_reason, shared=REMEMBERED)
NEEDS = ("returns",)
PROPERTIES = (
    property_of(
        "returns",
        "a close that the client can recover from: come back with resume",
        GIVES_UP,
        partial(draw_without, PASSES),
        '| 1001, 1006, 1011, 4408 | it passes | `("resume", None)` |',
        always=each(PASSES, ""),
    ),
    property_of(
        "stops",
        "a close that would happen again: stop",
        COMES_BACK,
        partial(draw_without, STOP),
        "| 1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410 | it would happen again | `None` |",
        always=each(STOP, ""),
    ),
    property_of(
        "fresh",
        "4401 and 4419: come back with a fresh ticket",
        STALE,
        partial(draw_without, EXPIRED),
        '| 4401, 4419 | the credential is too old, or none came | `("fresh", None)` |',
        always=each(EXPIRED, ""),
    ),
    property_of(
        "slots",
        "1012, 1013, 4429: the retry time from the reason, in seconds; without one, None",
        SLOT_LOST,
        draw_slots,
        '| 1012, 4429 | a restart, or the client sent too much | `("resume", slot)` |',
        "`retry=` and one to nine of the digits 0 to 9",
        "The number is in milliseconds, and you return seconds.",
        "When the reason has no slot, `slot` is `None`.",
        always=each(WITH_SLOT, "", "slow", "retry=1500", "retry=999999999"),
        needs=NEEDS,
    ),
    property_of(
        "no-slot",
        "a malformed retry time is ignored",
        SLOT_READ_LOOSELY,
        draw_malformed,
        "a word by itself, with a space or an end of the reason on each side",
        "Every other word means nothing, however similar it looks",
        always=each(WITH_SLOT[:1], *MALFORMED),
        needs=(*NEEDS, "slots"),
    ),
    property_of(
        "elsewhere",
        "other codes carry no retry time",
        SLOT_ANYWHERE,
        draw_elsewhere,
        "After every other code, a slot in the reason means nothing.",
        always=each((*PASSES, *EXPIRED, *STOP), "retry=60000"),
        needs=(*NEEDS, "stops", "fresh"),
    ),
    property_of(
        "busy",
        "after 1013: at least one second; after other codes: what the reason gives, which may be 0",
        TOO_SOON,
        draw_busy,
        "After 1013, a slot of less than one second counts as one second. After 1012 and 4429 it may be 0.",
        always=each(WITH_SLOT, "retry=0", "retry=999"),
        needs=(*NEEDS, "slots"),
    ),
    property_of(
        "unknown",
        "unknown 44xx: stop; any other unknown code: come back",
        UNKNOWN_CODE,
        draw_unknown,
        "| any other from 4400 to 4499 | new to you, and the client is at fault | `None` |",
        '| any other | new to you, and the client is not at fault | `("resume", None)` |',
        always=every_unknown(),
        needs=(*NEEDS, "elsewhere"),
    ),
    property_of(
        "own",
        "each call is on its own: the same close gets the same answer",
        REMEMBERED,
        draw_own,
        "Each call is on its own",
        "A list that you return belongs to the caller, which may change it.",
        needs=(*NEEDS, "stops", "fresh", "slots", "no-slot", "elsewhere", "busy", "unknown"),
    ),
)
EXERCISE = Exercise(
    id="07-close-codes",
    title="The server says why it closes, and the client ignores it",
    lesson="07_reconnect_storms",
    kind="rule",
    answer="after_close",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, NO_PAIR, NEW_FOR_ALL, SLOT_INVENTED, SECOND_FOR_ALL),
)
