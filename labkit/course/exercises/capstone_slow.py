"""The scenes of 10-capstone with a member that does not read: what waits for it, and who waits for it.

What counts against the limit is everything that the server sends to that member: events of others, events of its own,
and answers. Each kind has a scene in which nothing else is sent to it.
"""

import asyncio
import json
from collections.abc import Iterable
from time import monotonic
from typing import Any

from labkit.course.exercise import Misconception
from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review import frames
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.flood import lost
from labkit.review.judge import must_be_well

TEXT, AT_ONCE = "x" * 1000, 20
TURNS = 115  # together more than MOST_BUFFERED and the socket buffers of both sides hold
ENOUGH_BYTES = TURNS * AT_ONCE * len(TEXT)
PINGS = 400  # sent at once; more could make the server compute for so long that others notice
FIRST_TURNS = 2  # hold less than MOST_BUFFERED, whatever the socket buffers hold
SOON_S = 1.0  # a server may also limit how long a message waits, but not to less
LEAST_S = 1.0  # of that time, for a verdict on a server that keeps the member
LET_GO_S = 5.0  # after the last chat, for a server that checks its buffers on a timer
TIMER_S = 1.5  # the same, where the next event could be what makes it look
HEARTBEAT_S = 20.0  # the PING_TIMEOUT_S of the check with a member that does not read: it must not end that one first
IDLE_ROUNDS, ROUND_S = 30, 0.01  # so often another client was served since: the server has stopped reading

SLOW = Misconception(
    "slow-one-keeps-all",
    "A member that does not read makes the server keep memory, or makes the others wait.",
    "How much may wait for a member that does not read, and what checks it?",
    "`await send` waits for the slowest member, or `broadcast` buffers without limit.",
    "Abort members whose `transport.get_write_buffer_size()` is over MOST_BUFFERED: after a broadcast, and on a timer.",
)
NOT_ALL_COUNTS = Misconception(
    "some-messages-do-not-count",
    "The limit holds for the events of others only, so a member's own events or answers pile up without one.",
    "What else does the server send to a member besides the chat messages of others?",
    "The limit is checked where a chat message is delivered, and `pong`, `joined` or the member's own event bypass it.",
    "Send everything through one function that checks the limit, and check it on a timer as well.",
)


async def events_of_others(stage: Any) -> Outcome:
    """Let one member stop reading: the sender and the others receive every chat, and that member is disconnected."""
    room, turn = stage.room("others"), 0
    sender, other = await stage.enter(room), await stage.enter(room)
    stalled = await stage.enter(room, receive_buffer=4096)
    began, unanswered = _stop_reading(stalled)
    with stage.transcript.paused():
        while turn < TURNS and not lost(stalled):
            turn += 1
            for _ in range(AT_ONCE):
                sender.chat(room, TEXT)
            for peer in (sender, other):
                for _ in range(AT_ONCE):
                    try:
                        await peer.receive("chat")
                    except (ConnectionEnded, ReceiveTimeout) as instead:
                        sent = (
                            f"one member does not read; after {turn * AT_ONCE} chats {peer.name} did not have them all"
                        )
                        return broken(f"{sent}: {instead}")
    stalled_member = f"after {turn * AT_ONCE} chats of 1000 characters, the member that does not read"
    if lost(stalled) and turn <= FIRST_TURNS:
        return _too_early(stalled_member, began)
    return await _let_go(stalled, stalled_member, unanswered) or await must_be_well(other)


async def events_of_its_own(stage: Any) -> Outcome:
    """Let a member that does not read send chats: its own events wait for it, too."""
    room, turn, came = stage.room("own"), 0, AT_ONCE
    other = await stage.enter(room)
    stalled = await stage.enter(room, receive_buffer=4096)
    began, unanswered = _stop_reading(stalled)
    with stage.transcript.paused():
        while turn < TURNS and not lost(stalled) and came == AT_ONCE:
            turn += 1
            for _ in range(AT_ONCE):
                stalled.chat(room, TEXT)
            came = await _chats(other, AT_ONCE, stalled)
    stalled_member = f"after {turn * AT_ONCE} chats of its own, the member that does not read"
    if lost(stalled) and turn <= FIRST_TURNS:
        return _too_early(stalled_member, began)
    if came < AT_ONCE and not lost(stalled):
        return held(f"{stalled_member} is not read from, either")
    return await _let_go(stalled, stalled_member, unanswered, NOT_ALL_COUNTS) or await must_be_well(other)


async def answers(stage: Any) -> Outcome:
    """Let a member that does not read send pings: the answers wait for it, too. Its chat then comes too late."""
    room = stage.room("answers")
    other = await stage.enter(room)
    other.send(type="ping")
    size = len(json.dumps(await other.receive("pong"), separators=(",", ":")))
    stalled = await stage.enter(room, receive_buffer=4096)
    _, unanswered = _stop_reading(stalled)
    ping, sent = frames.frame(frames.TEXT, stage.encode(type="ping").encode()), 0
    with stage.transcript.paused():
        while sent * size < ENOUGH_BYTES and not lost(stalled):
            stalled.transport.write(ping * PINGS)
            sent += PINGS
            await other.received_so_far()  # by now, the server has read them, or it does not want to
        ends = monotonic() + TIMER_S
        while monotonic() < ends and not lost(stalled):
            await asyncio.sleep(0.05)
        if not lost(stalled):
            stalled.chat(room, "x")
    stalled.note(f"reads nothing, sends {sent} pings and then a chat message")
    stalled.mark_last()
    is_served = not lost(stalled) and await _chats(other, 1, stalled) > 0
    if is_served and monotonic() > unanswered:
        raise NotSeen("the pings took so long that the heartbeat may end the member; a limit was not seen")
    if is_served:
        came = f"the answers to {sent} pings, {sent * size // 1000} kB, wait for a member that does not read"
        return broken(f"{came}; it is still served", NOT_ALL_COUNTS)
    return await must_be_well(other)


def _stop_reading(stalled: Any) -> tuple[float, float]:
    """Return the time now, and the time from which on the heartbeat may end a member that does not read."""
    stalled.stop_reading()
    return monotonic(), monotonic() + 0.9 * HEARTBEAT_S


def _too_early(who: str, began: float) -> Outcome:
    """Return the outcome for a server that has ended the member before anything could be too much."""
    if monotonic() - began < SOON_S:
        return broken(f"{who} had lost its connection, though less than MOST_BUFFERED can wait for it")
    raise NotSeen(f"{who} had lost its connection; a limit was not seen")


async def _let_go(stalled: Any, who: str, unanswered: float, shows: Misconception | None = None) -> Outcome | None:
    """Wait until the member's connection ends; return what is wrong if it stays."""
    ends, is_in_time = min(monotonic() + LET_GO_S, unanswered), monotonic() + LEAST_S < unanswered
    while not lost(stalled) and monotonic() < ends:
        await asyncio.sleep(0.05)
    if not lost(stalled) and is_in_time:
        return broken(f"{who} is still connected", shows)
    if not lost(stalled) or monotonic() > unanswered:
        raise NotSeen(f"{who} was still connected when the heartbeat may end it; a limit was not seen")
    return None


async def _chats(other: Any, wanted: int, stalled: Any) -> int:
    """Return how many chats arrive at a client, up to `wanted`: none any more when it was served often meanwhile."""
    came = idle = 0
    while came < wanted and idle < IDLE_ROUNDS and not lost(stalled):
        new = _count(await other.received_so_far())
        came, idle = came + new, 0 if new else idle + 1
        await asyncio.sleep(0 if new else ROUND_S)
    return came


def _count(messages: Iterable[dict[str, Any]]) -> int:
    return sum(message.get("type") == "chat" for message in messages)
