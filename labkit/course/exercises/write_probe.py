"""09-find-fault-2: a room leaks and all tests are green, so write a probe that finds the leak and nothing else."""

import asyncio
from typing import Any

from labkit.broken import broken as server_with
from labkit.broken.planted import Planted
from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.exercises.write_probe_servers import (
    DeliversToAll,
    DeliversToRoomless,
    Late,
    Line,
    busy,
    on_time,
    serving,
)
from labkit.evidence import Outcome, broken, held

LATE_S = 1.0

BLIND = Misconception(
    "probe-finds-nothing",
    "The probe reports no leak, whatever the server does.",
    "Run your probe on a server that sends every chat to every client. What arrives, and what does it return?",
    "The outsider never reads, or nothing looks at what it received.",
    "Read what the outsider received before the answer to its own ping, and look for the text of the chat.",
)
CRIES_WOLF = Misconception(
    "probe-cries-wolf",
    "The probe reports a leak where there is none.",
    "What does an outsider receive from a healthy server: nothing at all?",
    "It receives auth_ok, joined, pong, and the chats of its own room. None of these is a leak.",
    'A leak is a chat with the text that was sent in another room: `message.get("text") == words`.',
)
OWN_ROOM = Misconception(
    "any-chat-is-a-leak",
    "Any chat that an outsider receives counts as a leak, even one of its own room.",
    "What if someone else chats in the outsider's own room meanwhile?",
    "The probe counts chats, and does not check which chat it is.",
    "Draw a text that nobody else sends (`secrets.token_hex(8)`), and look for that text.",
)
IMPATIENT = Misconception(
    "silence-proves-nothing",
    "The probe waits for a fixed time and takes silence for proof; on a slow network the leak arrives later.",
    "How long does the probe wait, and what if the network takes longer?",
    "A timeout says that nothing has arrived yet. It does not say that nothing will.",
    "Once the sender has its own chat, the outsider sends `ping`: what has not arrived by the pong never will.",
)
FAR_NAMES = Misconception(
    "names-too-different",
    "The probe uses only rooms whose names have nothing in common, where this fault does not show.",
    "How could a server look up the members of a room by name, and get it almost right?",
    "It compares the beginning: room:demo2 begins with room:demo.",
    "Put the outsider into a room whose name begins with the other one's.",
)
NOT_AFTER_LEAVE = Misconception(
    "left-is-not-looked-at",
    "The probe never checks a client that has left the room.",
    "Which other clients are outside a room? One that was in it before.",
    "The server replies `left`, and may still deliver its chats.",
    "Let one outsider join the room, leave it, wait for `left`, and then read.",
)
ROOMLESS = Misconception(
    "roomless-is-not-looked-at",
    "Every outsider of the probe is in some room, so it misses a server that leaks to clients in no room.",
    "Which rooms are your outsiders in at the moment of the chat?",
    "Each is in another room. A server may keep a list of clients in no room, and send them every chat.",
    "Let one outsider authenticate and join nothing.",
)
FAILS_ITSELF = Misconception(
    "probe-fails-itself",
    "The probe raises, or never ends, on a server without faults.",
    "Read which error was raised, and on which line.",
    "It waits for an answer that no server sends, or takes the first message for the one that it waits for.",
    "Read in a loop until a message has the type that you wait for.",
)


def drive(probe: Any, url: str) -> Any:
    """Run the probe, in the answer's process."""
    return asyncio.run(probe(url))


def _slow_chats(number: int) -> Late:
    return Late(LATE_S, ("chat",))


def _late_chats(number: int) -> Late:
    return Late(_later(number), ("chat",))


def _late_moves(number: int) -> Late:
    return Late(_later(number), ("join", "leave"))


def _later(number: int) -> float:
    """Return the delay of a connection: longer than that of the one before."""
    return min(LATE_S, 0.2 * number)


def _judges(kind: type[Planted], name: str, has_leak: bool) -> Any:
    async def run(stage: Any) -> Outcome:
        async with serving(kind) as url:
            return _seen(await stage.call(url, shown=f"leaks({name})"), name, has_leak)

    return run


def _seen(called: Any, name: str, has_leak: bool) -> Outcome:
    if called.raised:
        return broken(f"{name}: the probe raised {called.raised}", FAILS_ITSELF)
    if called.value is not has_leak:
        return broken(f"{name}: the probe returned {called.shown}, expected {has_leak}")
    return held(f"{name}: {has_leak}")


Case = tuple[str, type[Planted], Line, Line, bool]  # name, server, delays up and down, whether it leaks
MIXES_UP = server_with("room_by_prefix")
LATE: tuple[Case, ...] = (
    (
        "a server that mixes up similar names; others chat, chats are sent late",
        busy(MIXES_UP),
        _slow_chats,
        on_time,
        True,
    ),
    ("a server that mixes up similar names; joins and events are late", MIXES_UP, _late_moves, _late_chats, True),
    ("a healthy server; others chat, leaves and events are late", busy(Planted), _late_moves, _late_chats, False),
)


async def _slow(stage: Any) -> Outcome:
    """First delay the chat for longer than a probe may wait; then delay each connection more than the one before."""
    seen = held("")
    for name, kind, up, down, has_leak in LATE:
        async with serving(kind, up, down) as url:
            seen = _seen(await stage.call(url, shown=f"leaks({name})"), name, has_leak)
        if seen.verdict != "held":
            break
    return seen


HEALTHY = "healthy"
FINDS = "tells-all"
SIMILAR = "similar-names"
EXERCISE = Exercise(
    id="09-find-fault-2",
    title="The room leaks, and every test is green",
    lesson="09_review_your_own_server",
    kind="rule",
    answer="leaks",
    drive=drive,
    patience_s=15,
    checks=(
        Check(HEALTHY, "a healthy server: False", CRIES_WOLF, _judges(Planted, "a healthy server", False)),
        Check(
            FINDS,
            "a server that sends every chat to every client: True",
            BLIND,
            _judges(DeliversToAll, "a server that sends to all", True),
        ),
        Check(
            SIMILAR,
            "a server that looks up rooms by the beginning of the name: True",
            FAR_NAMES,
            _judges(server_with("room_by_prefix"), "a server that mixes up similar names", True),
            needs=(FINDS,),
        ),
        Check(
            "after-leave",
            "a server that still sends to clients that left: True",
            NOT_AFTER_LEAVE,
            _judges(server_with("leave_is_only_said"), "a server where leave changes nothing", True),
            needs=(FINDS,),
        ),
        Check(
            "no-room",
            "a server that sends to clients in no room: True",
            ROOMLESS,
            _judges(DeliversToRoomless, "a server that sends to clients in no room", True),
            needs=(FINDS, "after-leave"),
        ),
        Check(
            "another-fault",
            "a server with another fault (it delivers twice): False",
            CRIES_WOLF,
            _judges(server_with("members_in_a_list"), "a server that delivers some chats twice", False),
            needs=(HEALTHY,),
        ),
        Check(
            "neighbours",
            "others chat in the same rooms: False",
            OWN_ROOM,
            _judges(busy(Planted), "a healthy server where others chat", False),
            needs=(HEALTHY,),
        ),
        Check(
            "slow-network",
            "a slow network and other chats: still True with a leak, False without",
            IMPATIENT,
            _slow,
            needs=(HEALTHY, FINDS, SIMILAR, "neighbours"),
        ),
    ),
    more=(FAILS_ITSELF,),
)
