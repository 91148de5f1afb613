"""09-find-fault-1: one member's line goes dead, and the room falls silent for everybody."""

import asyncio
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.peer import Peer

DYING = (1000, 1011) * 4  # how each one's last frame says goodbye, well or not
GONE = 3  # without a word
WORDS = 20
MOST_S = 3.0

DOES_NOT_TALK = Misconception(
    "repair-broke-the-room",
    "After the repair the room does not do any more what it did: join, chat, who.",
    (
        "Let two members join and chat, and compare with what the faulty server answered.",
        "A message got lost in the repair, or goes to the others and not to the sender as well.",
        "Each chat goes to every member of the room, the sender among them.",
    ),
)
SPEAKER_PAYS = Misconception(
    "dead-member-ends-the-speaker",
    "Sending to a member that is gone raises in the handler of the one who speaks, and ends that one.",
    (
        "Who is closed, and with which code, when somebody speaks to a room with a dead member?",
        "`send` raises ConnectionClosed about the dead member, in the handler of the speaker.",
        "`with contextlib.suppress(websockets.ConnectionClosed): await member.send(...)`, for each member.",
    ),
)
REST_UNTOLD = Misconception(
    "dead-member-hides-the-rest",
    "The error about one member is caught around the whole loop, so those behind it hear nothing.",
    (
        "Which members are told when one in the middle is dead?",
        "The `try` stands around the loop: the first error ends it.",
        "Put the `try`, or the `suppress`, inside the loop, around one `send`.",
    ),
)
GHOSTS = Misconception(
    "members-become-ghosts",
    "Who goes without a goodbye stays in the room for ever.",
    (
        "Ask `who` after a member has gone: how many are there, when it said goodbye, and when it did not?",
        "After a dead line the loop over the messages raises, and what stands behind it never runs.",
        "`try: ... finally: rooms[room].discard(connection)`",
    ),
)
TWO_ROOMS = Misconception(
    "old-room-is-not-left",
    "Who goes on to another room stays in the old one as well, and goes on hearing it.",
    (
        "Follow `room` when somebody joins a second time.",
        "The name is overwritten; the old room's set is not told.",
        "Before the new `add`: `rooms[room].discard(connection)`.",
    ),
)
REJOIN = Misconception(
    "joining-again-throws-out",
    "Who joins the room that it is in already, is out of it.",
    (
        "Join the same room twice, and ask `who`.",
        "It is added to the new room, and then taken out of the old one, which is the same.",
        'First `rooms[room].discard(connection)`, then `rooms[said["roomId"]].add(connection)`.',
    ),
)
LEAK = Misconception(
    "rooms-run-together",
    "What is said in one room is heard in another.",
    (
        "Look at whom you tell: which set do you walk through?",
        "All members of all rooms are told, or one set is shared.",
        "Walk through `rooms[room]`, the speaker's own.",
    ),
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
    """How many there are, when it is the wanted number or after a while."""
    ends = asyncio.get_running_loop().time() + MOST_S
    while (count := await _who(peer)) != wanted and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.05)
    return count


async def _heard(peer: Peer) -> list[str]:
    """The texts of the chats up to the answer of a question of its own."""
    peer.send(type="who")
    texts = []
    while (said := await peer.receive()).get("type") != "who":
        texts.append(str(said.get("text")))
    return texts


async def _say_to_the_end(speaker: Peer, room: str) -> None:
    """Until everybody who is told has been told: a handler answers the next question when it is done with the last."""
    speaker.send(type="chat", text=f"{room} for those who are in it")
    await _next(speaker, room)
    await _who(speaker)


async def _next(peer: Peer, mark: str) -> str:
    """The next text that bears this mark: what other checks say is for `apart` to see."""
    while not str(text := (await peer.receive("chat")).get("text")).startswith(mark):
        pass
    return str(text)


async def _talks(stage: Any) -> Seen:
    room = stage.room()
    ana, ben = await _member(stage, room), await _member(stage, room)
    for number, speaker in enumerate((ana, ben, ana)):
        speaker.send(type="chat", text=f"{room} {number}")
        for peer in (ana, ben):
            text = await _next(peer, room)
            if text != f"{room} {number}":
                return failed(f"{peer.name} heard {text!r} instead of '{room} {number}'")
    count = await _who(ana)
    return passed("both hear both, and two are there") if count == 2 else failed(f"who tells {count} of 2")


async def _dead_member(stage: Any) -> Seen:
    """Every second member says its last and keeps its half of TCP open, so that telling it raises whenever it is tried.

    The living sit between the dying, so whoever stops at a dead one passes over somebody. (A set has an order of its
    own: that all nine living come first in it happens once in 24,310 times.) Then three more go without a word.
    """
    room = stage.room()
    living, dying = [await _member(stage, room)], []
    for code in DYING:
        dying.append(await _member(stage, room))
        living.append(await _member(stage, room))
        dying[-1].answers_close = dying[-1].answers_end = False
        dying[-1].send_frame(8, code.to_bytes(2))
    for peer in dying:
        if await peer.until_ended(stage.target.patience_s) is None:
            return failed(f"the close frame of {peer.name} was not answered")
    speaker = stage.rng.choice(living)
    seen = await _all_hear(speaker, living, [f"{room} dying"])
    if seen.verdict == "pass":
        for peer in [await _member(stage, room) for _ in range(GONE)]:
            peer.drop()
        seen = await _all_hear(speaker, living, [f"{room} {number}" for number in range(WORDS)])
    return seen


async def _all_hear(speaker: Peer, living: list[Peer], words: list[str]) -> Seen:
    """Have the speaker say these; all the living hear them in order, and the speaker is still there behind them."""
    for text in words:
        speaker.send(type="chat", text=text)
    try:
        for peer in living:
            for text in words:
                if (heard := await _next(peer, text.split()[0])) != text:
                    return failed(f"{speaker.name} said {text!r}, and {peer.name} heard {heard!r}", REST_UNTOLD)
        await _who(speaker)
    except (ConnectionEnded, ReceiveTimeout):
        if speaker.ended is not None:
            return failed(f"{speaker.name} spoke to a room with dead members, and {speaker.ended}")
        return failed(f"{speaker.name} spoke to a room with dead members, and {peer.name} did not hear it", REST_UNTOLD)
    return passed(f"{len(DYING) + GONE} lines died, {GONE} of them without a goodbye; all others heard everything")


async def _ghosts(stage: Any) -> Seen:
    room = stage.room()
    ana = await _member(stage, room)
    for how in ("without a goodbye", "with a goodbye"):
        other = await _member(stage, room)
        if how == "without a goodbye":
            other.drop()
        else:
            other.send_frame(8, b"\x03\xe8")
        count = await _who_is(ana, 1)
        if count != 1:
            return failed(f"a member went {how}, and who still tells {count}")
    return passed("who goes is not counted any more, with and without a goodbye")


async def _two_rooms(stage: Any) -> Seen:
    first, second = stage.room("first"), stage.room("second")
    ana, ben = await _member(stage, first), await _member(stage, first)
    ben.send(type="join", roomId=second)
    await ben.receive("joined")
    count = await _who(ana)
    await _say_to_the_end(ana, first)
    heard = await _heard(ben)
    if heard or count != 1:
        return failed(f"ben went on to another room; the old one counts {count}, and he heard {heard} of it")
    ben.send(type="join", roomId=second)
    await ben.receive("joined")
    count = await _who(ben)
    if count != 1:
        return failed(f"ben joined the same room once more, and who tells {count} of 1", REJOIN)
    return passed("who joins another room has left the first, and who joins the same one again is in it")


async def _apart(stage: Any) -> Seen:
    room = stage.room("a")
    ana, ben = await _member(stage, room), await _member(stage, stage.room("b"))
    await _say_to_the_end(ana, room)
    heard = await _heard(ben)
    return failed(f"the member of another room heard {heard}") if heard else passed("the other room heard nothing")


TALKS = "talks"
EXERCISE = Exercise(
    id="09-find-fault-1",
    title="One line goes dead, and the room falls silent",
    asks="Repair a room server that works until somebody goes without a goodbye.",
    lesson="09_review_your_own_server",
    kind="handler",
    answer="handler",
    checks=(
        Check(id=TALKS, expected="join, chat and who do what they did", usual=DOES_NOT_TALK, run=_talks),
        Check(
            id="dead-member",
            expected="a dead member costs neither the speaker nor the others anything",
            usual=SPEAKER_PAYS,
            run=_dead_member,
            needs=(TALKS,),
        ),
        Check(id="ghosts", expected="who has gone is not in the room", usual=GHOSTS, run=_ghosts, needs=(TALKS,)),
        Check(id="apart", expected="a chat is heard in its own room only", usual=LEAK, run=_apart, needs=(TALKS,)),
        Check(
            id="two-rooms",
            expected="who joins another room has left the first, and is in the one that it joined last",
            usual=TWO_ROOMS,
            run=_two_rooms,
            needs=(TALKS, "apart"),
        ),
    ),
    more=(REST_UNTOLD, REJOIN),
)
