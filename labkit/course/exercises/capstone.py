"""10-capstone: a server of your own, and the reviewer, which has never seen it."""

import asyncio
from time import monotonic
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.stage import Run, asked
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import lost
from labkit.review.judge import must_be_well, must_end

WORDS, AT_ONCE = "x" * 1000, 20
TURNS = 115  # in all more than the kernels of both sides and MOST_BUFFERED hold
LET_GO_S = 5.0  # behind the last word, for a server that looks now and then
LIMITS = {"AUTH_TIMEOUT_S": 0.5, "PING_INTERVAL_S": 0.5, "PING_TIMEOUT_S": 7.0, "MOST_BUFFERED": 200_000}
PROMISED = {
    "auth_timeout_s": 0.5,
    "ping_interval_s": 0.5,
    "ping_timeout_s": 7.0,
    "close_deadline_s": 1.0,
    "outbox_bytes": 200_000,
    "outbox_age_s": 0.5,
    "send_buffer_bytes": 500_000,
}


def _chapter(tag: str, sentence: str, where: str, what: str, nearly: str) -> Misconception:
    return Misconception(tag, sentence, (where, what, nearly))


AUTH = _chapter(
    "door-stands-open",
    "Something is done for who has not said who it is.",
    "Look at the first message, as in exercise 02-auth.",
    "A chat, a join or silence before auth is served, a token is compared loosely, or a second auth changes the user.",
    "One function reads the first message and returns a close code or None; only then does the loop begin.",
)
SECRETS = _chapter(
    "secrets-travel",
    "A secret, or what a peer sent, is where others can read it.",
    "Look at the reasons you close with, and at the address.",
    "A reason repeats what was sent, or a token is taken from the URL.",
    "Constants as reasons; the token only from the first message.",
)
ROOMS = _chapter(
    "rooms-are-not-rooms",
    "Somebody speaks or hears where it is not a member.",
    "Look at who is told, and at what an event is made of.",
    "The message says who speaks, names are compared loosely, or who has gone is still told.",
    "Ask `me in rooms[room]`; build the event field by field; `discard` in `finally`.",
)
HEARTBEAT = _chapter(
    "dead-are-kept",
    "A dead line is taken for a quiet one.",
    "Look at what `websockets.serve` is given, as in notebook 05.",
    "Pings are off, or nobody is removed who does not answer; or `ping` is not answered with `pong` and the time.",
    "`ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S`",
)
VALIDATION = _chapter(
    "nonsense-passes",
    "What is no message passes, or ends more than its own connection.",
    "Look at what json.loads is given, and at what is done before it is judged, as in exercise 04-validator.",
    "A field of another type, a text too long, NaN, or unknown fields copied into the event.",
    "`messages.decode(raw, max_bytes=8192)`, and close 1008 on InvalidMessage.",
)
PROTOCOL = _chapter(
    "the-door-itself",
    "The first request, or a frame, is not bounded or not answered.",
    "Look at `process_request` and `max_size`.",
    "Plain HTTP gets an error, or a giant head or frame is taken.",
    "`process_request=door, max_size=65_536`; `me.respond(200, ...)` without Upgrade, 431 for a head over 16 KiB.",
)
SLOW = _chapter(
    "slow-one-keeps-all",
    "Who does not read keeps memory, or makes the others wait.",
    "How much waits for a member that does not read? Who looks?",
    "`await send` waits for the slowest, or `broadcast` keeps all for ever.",
    "Abort whose `transport.get_write_buffer_size()` is over MOST_BUFFERED, after each broadcast and on a timer.",
)


# Where the text asks for less than a probe of the core does.


async def _long_type(stage: Any) -> Outcome:
    """A type of 200 characters: as a first message it is no auth as well as no message, later it is no message."""
    stranger = await stage.connect()
    stranger.send(type="x" * 200)
    seen = await must_end(stage, stranger, 1008, 4403)
    if seen.verdict != "held":
        return seen
    member = await stage.enter()
    member.send(type="x" * 200)
    return await must_end(stage, member, 1008)


async def _request_ids(stage: Any) -> Outcome:
    """A requestId comes back, and one that is missing is made up."""
    room = stage.room()
    peer = await stage.enter(room)
    peer.chat(room, "hello", requestId="mine")
    peer.chat(room, "hello")
    peer.chat(room, "hello")
    kept, *made = [(await peer.receive("chat")).get("requestId") for _ in range(3)]
    if kept != "mine":
        return broken(f"the requestId 'mine' came back as {kept!r:.40}")
    if not all(isinstance(one, str) and one for one in made) or made[0] == made[1]:
        return broken(f"two chats without a requestId got {made[0]!r:.40} and {made[1]!r:.40}")
    return held("kept, or made up")


async def _slow_one(stage: Any) -> Outcome:
    """One member does not read: whoever speaks and whoever listens hears every chat, and that one is let go."""
    room, turn = stage.room(), 0
    speaker, listener = await stage.enter(room), await stage.enter(room)
    stalled = await stage.enter(room, receive_buffer=4096)
    stalled.stop_reading()
    unanswered = monotonic() + 0.9 * stage.target.promised.ping_timeout_s  # from then on it may be the heartbeat
    with stage.transcript.paused():
        while turn < TURNS and not lost(stalled):
            turn += 1
            for _ in range(AT_ONCE):
                speaker.chat(room, WORDS)
            for peer in (speaker, listener):
                for _ in range(AT_ONCE):
                    try:
                        await peer.receive("chat")
                    except (ConnectionEnded, ReceiveTimeout) as instead:
                        told = f"one does not read, and after {turn * AT_ONCE} chats {peer.name} did not hear them all"
                        return broken(f"{told}: {instead}")
    ends = min(monotonic() + LET_GO_S, unanswered)
    while not lost(stalled) and monotonic() < ends:
        await asyncio.sleep(0.05)
    told = f"{turn * AT_ONCE} chats of 1000 characters later, the one that does not read"
    if not lost(stalled):
        return broken(f"{told} is still there")
    if monotonic() > unanswered:
        return broken(f"{told} had not gone before a heartbeat may have ended it")
    return await must_be_well(listener)


def _check(name: str, expected: str, usual: Misconception, run: Run, *, alone: bool = False) -> Check:
    needs = () if name == "auth" else ("auth",)
    return Check(id=name, expected=expected, usual=usual, run=run, needs=needs, alone=alone)


EXERCISE = Exercise(
    id="10-capstone",
    title="Everything at once, and nobody to tell me which",
    asks="A whole room server of your own, which holds the core of the review.",
    lesson="09_review_your_own_server",
    kind="server",
    answer="start",
    settings=LIMITS,
    promised=PROMISED,
    network=None,  # the reviewer counts packets and bytes, and a proxy holds some itself
    checks=(
        _check(
            "auth",
            "chapter auth of the core: nobody is served who has not said who it is",
            AUTH,
            asked("auth/1", "auth/2", "auth/3", "auth/4", "auth/5", "auth/6", "auth/7", "auth/8", "auth/9", "auth/11"),
        ),
        _check(
            "rooms",
            "chapter rooms: who is in a room speaks and hears there, and nobody else",
            ROOMS,
            asked("rooms/1", "rooms/2", "rooms/4", "rooms/5", "rooms/6", "rooms/7", "rooms/8", "rooms/9"),
        ),
        _check(
            "validation",
            "chapter validation: messages are judged before they are believed",
            VALIDATION,
            asked(*(f"validation/{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 15)), _request_ids),
        ),
        _check(
            "heartbeat",
            "chapter heartbeat: the dead are removed, the living are kept",
            HEARTBEAT,
            asked("heartbeat/1", "heartbeat/2", "heartbeat/6", "heartbeat/7"),
        ),
        _check(
            "secrets", "chapter secrets: nothing opens what it should not", SECRETS, asked("secrets/1", "secrets/2")
        ),
        _check(
            "protocol",
            "chapter protocol: the first request and every frame are bounded",
            PROTOCOL,
            asked("protocol/1", _long_type, "protocol/3", "protocol/10", "protocol/14", "protocol/16", "protocol/18"),
            alone=True,
        ),
        _check(
            "slow",
            "chapter slow: who does not read is let go, and costs nobody anything",
            SLOW,
            asked(_slow_one),
            alone=True,
        ),
    ),
)
