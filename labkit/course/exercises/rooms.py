"""03-rooms: a client receives messages from a room that it never joined."""

from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.stage import by_probes
from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded
from labkit.review.peer import Peer

NOT_RECEIVED = Misconception(
    "members-hear-nothing",
    "A chat does not reach every member of the room, the sender included.",
    "Two members are in a room. Follow one chat: to whom is it sent?",
    "The room is looked up under another name, only the other members get the chat, or `joined` is never sent.",
    "`for member in list(members.get(room, ())): await tell(member, ...)`, the sender among them.",
)
LEAKS = Misconception(
    "rooms-leak",
    "A chat of one room reaches members of another.",
    "Which connections does your loop over the members visit?",
    "All connections, or all whose room name starts the same, instead of the members of this room.",
    "A dict from roomId to a set of connections, looked up by the whole name.",
)
UNJOINED = Misconception(
    "chat-without-join",
    "A client can send to a room that it has not joined.",
    "What do you check before you pass a chat on?",
    "You trust the roomId in the message, and any client can write any room there.",
    '`if room not in joined: return await connection.close(1008, "join first")`, with this connection\'s own set.',
)
LEAVE_SAID = Misconception(
    "leave-is-only-said",
    "`leave` gets the reply `left`, but changes nothing, or works in one direction only.",
    "After leave, what is in the room's set of members, and what is in the connection's own set?",
    "One of the two was forgotten: the client still receives chats, or can still send them.",
    "`joined.discard(room)` and `members[room].discard(connection)`, both.",
)
SPREAD = Misconception(
    "sender-chooses-who-it-is",
    "The event takes userId, or another field that only the server may set, from the client's message.",
    "Where does the userId of an event come from?",
    "The message is passed on unchanged, or unpacked into the event.",
    '`await tell(member, type="chat", roomId=room, userId=user, text=message["text"])`, field by field.',
)
TWICE = Misconception(
    "members-in-a-list",
    "A client that joins twice receives everything twice.",
    "What does a second join of the same room do to your members?",
    "They are in a list, which takes the same connection again.",
    "Keep them in a set.",
)
GONE_STAYS = Misconception(
    "gone-are-still-members",
    "A member that has disconnected still counts, so the room only ever grows.",
    "A connection ends, with or without a close frame. Which line runs then?",
    "The loop ends and nothing removes the member, or only `leave` does.",
    "`try: ... finally: for room in joined: members[room].discard(connection)`",
)
ONE_FOR_ALL = Misconception(
    "one-gone-ends-the-others",
    "When one member is gone, the members after it receive nothing, or the sender is closed.",
    "What happens when you send to a connection that is gone, and what catches it?",
    "`send` raises ConnectionClosed in the sender's own handler.",
    "Use `tell`, which skips connections that are gone.",
)


async def _received(stage: Any) -> Outcome:
    room, text = stage.room(), f"text {stage.rng.getrandbits(24)}"
    sender, other = await stage.enter(room), await stage.enter(room)
    for _ in range(2):
        sender.chat(room, text)
        for peer in (other, sender):
            event = await peer.receive("chat")
            while event.get("roomId") != room:  # a leak from another room is for another check to find
                event = await peer.receive("chat")
            if event.get("text") != text:
                return broken(f"the event's text is {str(event.get('text'))[:40]!r}; {text!r} was sent")
    return held("both members received both chats")


async def _join(peer: Peer, room: str) -> Any:
    """Join one more room; return how many members it has then."""
    peer.send(type="join", roomId=room)
    return (await peer.receive("joined")).get("members")


async def _counted(stage: Any) -> Outcome:
    """Let members go in three ways, and compare what `joined` counts before and after."""
    room = stage.room("counted")
    first = await stage.connect()
    first.send(type="auth", token=stage.target.tokens[0])
    await first.receive("auth_ok")
    counts = []
    counts.append(await _join(first, room))
    if counts != [1]:
        return broken(f"joined counted {counts[0]} instead of 1 for the first member")
    closes, vanishes, leaves = [await stage.enter(room) for _ in range(3)]
    await _join(vanishes, stage.room("another"))  # it is in two rooms when it goes
    leaves.send(type="leave", roomId=room)
    await leaves.receive("left")
    closes.send_text("not JSON")
    await closes.until_ended(stage.target.patience_s)
    vanishes.drop()
    for _ in range(20):  # until the server has noticed the vanished member; one that never does fails below
        last = await stage.connect()
        last.send(type="auth", token=stage.target.tokens[0])
        await last.receive("auth_ok")
        counts.append(await _join(last, room))
        if counts[-1] == 2:
            return held("joined counted 1 member, and 2 after three had gone")
        last.send(type="leave", roomId=room)
        await last.receive("left")
        last.drop()
    return broken(
        f"joined counted {counts[0]} for the first member, and {counts[-1]} instead of 2 after three had gone"
    )


async def _survives(stage: Any) -> Outcome:
    """Let three of five members vanish without a close frame while another one sends."""
    room = stage.room("vanishing")
    sender = await stage.enter(room)
    others = [await stage.enter(room) for _ in range(5)]
    gone = stage.rng.sample(others, 3)
    for number, peer in enumerate(gone):
        peer.drop()
        for burst in range(3):
            sender.chat(room, f"text {number} {burst}")
    for peer in (sender, *(peer for peer in others if peer not in gone)):
        try:
            texts = [(await peer.receive("chat")).get("text") for _ in range(9)]
        except ConnectionEnded as ended:
            return broken(f"{'the sender' if peer is sender else 'a member'} lost its connection: {ended}")
        if texts != [f"text {number} {burst}" for number in range(3) for burst in range(3)]:
            return broken(f"a member received {texts}")
    return held("three members vanished; the others received all nine chats, in order")


RECEIVED = "heard"
NEEDS = (RECEIVED,)
APART = (RECEIVED, "apart")
EXERCISE = Exercise(
    id="03-rooms",
    title="Somebody hears what was said in a room that it never entered",
    lesson="03_rooms",
    kind="handler",
    answer="handler",
    checks=(
        Check(RECEIVED, "a chat reaches every member of its room, the sender included", NOT_RECEIVED, _received),
        Check(
            "apart",
            "a chat reaches nobody else, not even in a room with a similar name",
            LEAKS,
            by_probes("rooms/1", "rooms/6"),
            needs=NEEDS,
        ),
        Check(
            "join-first",
            "a chat without join: close 1008, and it reaches nobody",
            UNJOINED,
            by_probes("rooms/2"),
            needs=APART,
        ),
        Check(
            "leave",
            "after leave a client neither receives nor sends",
            LEAVE_SAID,
            by_probes("rooms/3"),
            needs=(RECEIVED, "apart", "join-first"),
        ),
        Check(
            "identity",
            "the server sets the userId of an event; the client cannot",
            SPREAD,
            by_probes("rooms/5"),
            needs=APART,
        ),
        Check("twice", "a client that joins twice receives each chat once", TWICE, by_probes("rooms/7"), needs=APART),
        Check("survives", "members that vanish disturb nobody else", ONE_FOR_ALL, _survives, needs=APART),
        Check(
            "counted",
            "joined counts the members that are connected now",
            GONE_STAYS,
            _counted,
            needs=(RECEIVED, "apart", "leave", "twice"),
        ),
    ),
)
