"""09-find-fault-2: a room leaks and all tests are green: a probe must find it, and find nothing where nothing is."""

import asyncio
from typing import Any

from labkit.broken import broken
from labkit.broken.planted import Planted
from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.course.exercises.write_probe_servers import (
    Late,
    TellsAll,
    TellsRoomless,
    Way,
    busy,
    on_time,
    serving,
)

LATE_S = 1.0

BLIND = Misconception(
    "probe-finds-nothing",
    "The probe says that all is well, whatever the server does.",
    (
        "Let your probe look at a server that tells everybody everything: what does it hear, and what does it return?",
        "The one who must hear nothing never listens, or what it heard is not looked at.",
        "Read what came to the outsider up to the answer to its own ping, and look for the text of the chat.",
    ),
)
CRIES_WOLF = Misconception(
    "probe-cries-wolf",
    "The probe finds a leak where there is none.",
    (
        "What does an outsider hear on a healthy server: nothing at all?",
        "It hears auth_ok, joined, pong, and the chats of its own room; none of these is a leak.",
        'A leak is a chat with the text that was said elsewhere: `message.get("text") == words`.',
    ),
)
OWN_ROOM = Misconception(
    "any-chat-is-a-leak",
    "Any chat that an outsider hears is taken for a leak, also one of its own room.",
    (
        "What if a stranger speaks in the outsider's own room meanwhile?",
        "The probe counts chats, and does not look at which one it is.",
        "Draw a text that nobody else says (`secrets.token_hex(8)`), and look for that text.",
    ),
)
IMPATIENT = Misconception(
    "silence-proves-nothing",
    "The probe waits for a fixed time and takes silence for proof; on a slow network the leak comes later.",
    (
        "How long does the probe wait, and what if the network takes longer?",
        "A timeout says that nothing came yet. It does not say that nothing will come.",
        "Once the speaker has heard its own chat, the outsider asks `ping`: what is not there by the pong never comes.",
    ),
)
FAR_NAMES = Misconception(
    "names-too-different",
    "The probe looks only at rooms whose names have nothing in common, where this fault does not show.",
    (
        "How could a server find the members of a room by its name, and get it nearly right?",
        "It compares the beginning: room:demo is the beginning of room:demo2.",
        "Let the outsider be in a room whose name begins with the other's.",
    ),
)
NOT_AFTER_LEAVE = Misconception(
    "left-is-not-looked-at",
    "The probe never asks somebody who has left.",
    (
        "Who else is outside of a room? Somebody who was in it.",
        "The server says `left`, and may go on telling all the same.",
        "Let one outsider join the room, leave it, wait for `left`, and listen.",
    ),
)
ROOMLESS = Misconception(
    "roomless-is-not-looked-at",
    "Every outsider of the probe is in some room, so it misses a server that tells those who are in none.",
    (
        "In which rooms are your outsiders, at the moment when the chat is said?",
        "Each of them is in another room. A server may have a list of those who are in none, and tell them all.",
        "Let one outsider say its auth and join nothing.",
    ),
)
FAILS_ITSELF = Misconception(
    "probe-fails-itself",
    "The probe raises, or does not end, on a server that is as it should be.",
    (
        "Read what was raised, and at which line.",
        "It waits for an answer that no server gives, or takes the first message for the one that it waits for.",
        "Read in a loop until the type is the one that you wait for.",
    ),
)


def drive(probe: Any, url: str) -> Any:
    """Run the probe in the answer's process."""
    return asyncio.run(probe(url))


def _chats(number: int) -> Late:
    return Late(LATE_S, ("chat",))


def _heard(number: int) -> Late:
    return Late(_later(number), ("chat",))


def _moves(number: int) -> Late:
    return Late(_later(number), ("join", "leave"))


def _later(number: int) -> float:
    """Each line later than the one before it."""
    return min(LATE_S, 0.2 * number)


def _judges(kind: type[Planted], name: str, has_leak: bool) -> Any:
    async def run(stage: Any) -> Seen:
        async with serving(kind) as url:
            return _seen(await stage.call(url, shown=f"leaks({name})"), name, has_leak)

    return run


def _seen(called: Any, name: str, has_leak: bool) -> Seen:
    if called.raised:
        return failed(f"looking at {name}, the probe raised {called.raised}", FAILS_ITSELF)
    if called.value is not has_leak:
        return failed(f"{name}: the probe returned {called.shown}, where {has_leak} is right")
    return passed(f"{name}: {has_leak}")


Look = tuple[str, type[Planted], Way, Way, bool]  # what it is, how its lines are late up and down, has it a leak
MIXES_UP = broken("room_by_prefix")
LATE: tuple[Look, ...] = (
    ("a server that mixes up similar names; others talk, chats are said late", busy(MIXES_UP), _chats, on_time, True),
    ("a server that mixes up similar names; joins are said late, chats heard late", MIXES_UP, _moves, _heard, True),
    ("a healthy server; others talk, leaves are said late, chats heard late", busy(Planted), _moves, _heard, False),
)


async def _slow(stage: Any) -> Seen:
    """The chat is under way for longer than anybody waits; then each line brings it later than the one before."""
    seen = passed("")
    for name, kind, up, down, has_leak in LATE:
        async with serving(kind, up, down) as url:
            seen = _seen(await stage.call(url, shown=f"leaks({name})"), name, has_leak)
        if seen.verdict != "pass":
            break
    return seen


HEALTHY = "healthy"
FINDS = "tells-all"
SIMILAR = "similar-names"
EXERCISE = Exercise(
    id="09-find-fault-2",
    title="The room leaks, and every test is green",
    asks="Write the probe that finds a server which tells a chat to somebody outside of its room, and no other server.",
    lesson="09_review_your_own_server",
    kind="rule",
    answer="leaks",
    drive=drive,
    patience_s=15,
    checks=(
        Check(
            id=HEALTHY,
            expected="a healthy server: False",
            usual=CRIES_WOLF,
            run=_judges(Planted, "a healthy server", False),
        ),
        Check(
            id=FINDS,
            expected="a server that tells everybody everything: True",
            usual=BLIND,
            run=_judges(TellsAll, "a server that tells all", True),
        ),
        Check(
            id=SIMILAR,
            expected="a server that finds rooms by the beginning of their names: True",
            usual=FAR_NAMES,
            run=_judges(broken("room_by_prefix"), "a server that mixes up similar names", True),
            needs=(FINDS,),
        ),
        Check(
            id="after-leave",
            expected="a server that goes on telling those who left: True",
            usual=NOT_AFTER_LEAVE,
            run=_judges(broken("leave_is_only_said"), "a server where leaving is only said", True),
            needs=(FINDS,),
        ),
        Check(
            id="no-room",
            expected="a server that tells those who are in no room at all: True",
            usual=ROOMLESS,
            run=_judges(TellsRoomless, "a server that tells the roomless", True),
            needs=(FINDS, "after-leave"),
        ),
        Check(
            id="another-fault",
            expected="a server with another fault (it tells twice): False",
            usual=CRIES_WOLF,
            run=_judges(broken("members_in_a_list"), "a server that tells some things twice", False),
            needs=(HEALTHY,),
        ),
        Check(
            id="neighbours",
            expected="others talk in the same rooms: False",
            usual=OWN_ROOM,
            run=_judges(busy(Planted), "a healthy server where others talk", False),
            needs=(HEALTHY,),
        ),
        Check(
            id="slow-network",
            expected="slow lines and talking neighbours change nothing: True where it leaks, False where not",
            usual=IMPATIENT,
            run=_slow,
            needs=(HEALTHY, FINDS, SIMILAR, "neighbours"),
        ),
    ),
    more=(FAILS_ITSELF,),
)
