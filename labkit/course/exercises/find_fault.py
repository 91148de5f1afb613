"""09-find-fault-1: one member's connection dies, and the whole room stops receiving."""

import asyncio
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.peer import Peer

DYING_CODES = (1000, 1011) * 4  # the close codes of the members that send a close frame
VANISHING = 3  # members that close TCP without one
CHATS = 20
MOST_S = 3.0

DOES_NOT_TALK = Misconception(
    "repair-broke-the-room",
    "After the repair, join, chat or who no longer work as before.",
    "Let two members join and chat, and compare with what the faulty server sent.",
    "A message was lost in the repair, or goes to the other members but not to the sender.",
    "Each chat goes to every member of the room, the sender included.",
)
SENDER_PAYS = Misconception(
    "dead-member-ends-the-speaker",
    "Sending to a member that is gone raises in the sender's handler, so the sender loses its connection.",
    "Who is closed, and with which code, when a member sends to a room with a dead member?",
    "`send` raises ConnectionClosed for the dead member, in the handler of the sender.",
    "`with contextlib.suppress(websockets.ConnectionClosed): await member.send(...)`, for each member.",
)
REST_UNTOLD = Misconception(
    "dead-member-hides-the-rest",
    "The error about one member is caught around the whole loop, so the members after it receive nothing.",
    "Which members receive a chat when one in the middle is dead?",
    "The `try` is around the loop, so the first error ends the loop.",
    "Put the `try`, or the `suppress`, inside the loop, around one `send`.",
)
GHOSTS = Misconception(
    "members-become-ghosts",
    "A member that vanishes without a close frame stays in the room forever.",
    "Send `who` after a member has gone. How many members are there, with a close frame and without one?",
    "When the connection dies, the loop over its messages raises, and the code after the loop never runs.",
    "`try: ... finally: rooms[room].discard(connection)`",
)
TWO_ROOMS = Misconception(
    "old-room-is-not-left",
    "A member that joins another room stays in the old one as well, and keeps receiving its chats.",
    "Follow `room` when a client joins a second time.",
    "The name is overwritten; the old room's set still contains the connection.",
    "Before the new `add`: `rooms[room].discard(connection)`.",
)
REJOIN = Misconception(
    "joining-again-throws-out",
    "A member that joins the room that it is already in drops out of it.",
    "Join the same room twice, then send `who`.",
    "The connection is added to the new room, and then removed from the old one, which is the same.",
    'First `rooms[room].discard(connection)`, then `rooms[said["roomId"]].add(connection)`.',
)
LEAK = Misconception(
    "rooms-run-together",
    "A chat of one room reaches members of another.",
    "Which members do you send to? Which set does the loop visit?",
    "The members of all rooms, or all rooms share one set.",
    "Loop over `rooms[room]`, the sender's own room.",
)


async def _member(stage: Any, room: str) -> Peer:
    peer: Peer = await stage.connect()
    peer.send(type="join", roomId=room)
    await peer.receive("joined")
    return peer


async def _who(peer: Peer) -> int:
    peer.send(type="who")
    return int((await peer.receive("who")).get("members", -1))


async def _who_is(peer: Peer, wanted: int) -> int:
    """Ask until there are so many members, or for MOST_S; return the latest count."""
    ends = asyncio.get_running_loop().time() + MOST_S
    while (count := await _who(peer)) != wanted and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.05)
    return count


async def _received(peer: Peer) -> list[str]:
    """Return the texts of the chats that arrive before the answer to a question of its own."""
    peer.send(type="who")
    texts = []
    while (message := await peer.receive()).get("type") != "who":
        texts.append(str(message.get("text")))
    return texts


async def _chat_and_wait(sender: Peer, room: str) -> None:
    """Send a chat and wait until the handler has sent it to all: it answers `who` only after that."""
    sender.send(type="chat", text=f"{room} for its members")
    await _next(sender, room)
    await _who(sender)


async def _next(peer: Peer, mark: str) -> str:
    """Return the next text with this mark; skip the chats of other checks, which are for `apart` to find."""
    while not str(text := (await peer.receive("chat")).get("text")).startswith(mark):
        pass
    return str(text)


async def _talks(stage: Any) -> Outcome:
    room = stage.room()
    ana, ben = await _member(stage, room), await _member(stage, room)
    for number, sender in enumerate((ana, ben, ana)):
        sender.send(type="chat", text=f"{room} {number}")
        for peer in (ana, ben):
            text = await _next(peer, room)
            if text != f"{room} {number}":
                return broken(f"{peer.name} received {text!r} instead of '{room} {number}'")
    count = await _who(ana)
    if count != 2:
        return broken(f"who counted {count} members instead of 2")
    return held("both members received all chats, and who counted 2")


async def _dead_member(stage: Any) -> Outcome:
    """Let members die in two ways, and check that all others receive every chat.

    Every second member sends a close frame and keeps its half of TCP open, so that sending to it always raises. The
    living members joined between them, so a loop that stops at a dead one misses some. (A set has its own order: the
    nine living ones come first in it once in 24,310 runs.) Then three more close TCP without a close frame.
    """
    room = stage.room()
    living, dying = [await _member(stage, room)], []
    for code in DYING_CODES:
        dying.append(await _member(stage, room))
        living.append(await _member(stage, room))
        dying[-1].answers_close = dying[-1].answers_end = False
        dying[-1].send_frame(8, code.to_bytes(2))
    for peer in dying:
        if await peer.until_ended(stage.target.patience_s) is None:
            return broken(f"the close frame of {peer.name} was not answered")
    sender = stage.rng.choice(living)
    seen = await _all_receive(sender, living, [f"{room} dying"])
    if seen.verdict == "held":
        for peer in [await _member(stage, room) for _ in range(VANISHING)]:
            peer.drop()
        seen = await _all_receive(sender, living, [f"{room} {number}" for number in range(CHATS)])
    return seen


async def _all_receive(sender: Peer, living: list[Peer], texts: list[str]) -> Outcome:
    """Send these chats; all living members receive them in order, and the sender is still connected afterwards."""
    for text in texts:
        sender.send(type="chat", text=text)
    try:
        for peer in living:
            for text in texts:
                if (received := await _next(peer, text.split()[0])) != text:
                    return broken(f"{sender.name} sent {text!r}, and {peer.name} received {received!r}", REST_UNTOLD)
        await _who(sender)
    except (ConnectionEnded, ReceiveTimeout):
        if sender.ended is not None:
            return broken(f"{sender.name} sent to a room with dead members, and {sender.ended}")
        return broken(f"{sender.name} sent to a room with dead members, and {peer.name} received nothing", REST_UNTOLD)
    died = len(DYING_CODES) + VANISHING
    return held(f"{died} connections died, {VANISHING} without a close frame; all others received everything")


async def _ghosts(stage: Any) -> Outcome:
    room = stage.room()
    ana = await _member(stage, room)
    for how in ("without a close frame", "with a close frame"):
        other = await _member(stage, room)
        if how == "without a close frame":
            other.drop()
        else:
            other.send_frame(8, b"\x03\xe8")
        count = await _who_is(ana, 1)
        if count != 1:
            return broken(f"a member left {how}, and who still counts {count}")
    return held("members that left are no longer counted, with and without a close frame")


async def _two_rooms(stage: Any) -> Outcome:
    first, second = stage.room("first"), stage.room("second")
    ana, ben = await _member(stage, first), await _member(stage, first)
    ben.send(type="join", roomId=second)
    await ben.receive("joined")
    count = await _who(ana)
    await _chat_and_wait(ana, first)
    received = await _received(ben)
    if received or count != 1:
        return broken(f"ben joined another room; the old one counts {count}, and he received {received} from it")
    ben.send(type="join", roomId=second)
    await ben.receive("joined")
    count = await _who(ben)
    if count != 1:
        return broken(f"ben joined the same room again, and who counts {count} instead of 1", REJOIN)
    return held("joining another room leaves the first, and joining the same one again changes nothing")


async def _apart(stage: Any) -> Outcome:
    room = stage.room("a")
    ana, ben = await _member(stage, room), await _member(stage, stage.room("b"))
    await _chat_and_wait(ana, room)
    if received := await _received(ben):
        return broken(f"a member of another room received {received}")
    return held("the other room received nothing")


TALKS = "talks"
EXERCISE = Exercise(
    id="09-find-fault-1",
    title="One line goes dead, and the room falls silent",
    lesson="09_review_your_own_server",
    kind="handler",
    answer="handler",
    checks=(
        Check(TALKS, "join, chat and who still work", DOES_NOT_TALK, _talks),
        Check(
            "dead-member",
            "a dead member affects neither the sender nor the others",
            SENDER_PAYS,
            _dead_member,
            needs=(TALKS,),
        ),
        Check("ghosts", "a member that has gone is not in the room", GHOSTS, _ghosts, needs=(TALKS,)),
        Check("apart", "a chat reaches its own room only", LEAK, _apart, needs=(TALKS,)),
        Check(
            "two-rooms",
            "joining another room leaves the first; a member is in the room that it joined last",
            TWO_ROOMS,
            _two_rooms,
            needs=(TALKS, "apart"),
        ),
    ),
    more=(REST_UNTOLD, REJOIN),
)
