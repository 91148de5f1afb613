"""03-rooms: somebody hears what was said in a room that it never entered."""

from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.course.stage import asked
from labkit.review.endpoint import ConnectionEnded
from labkit.review.peer import Peer

NOT_HEARD = Misconception(
    "members-hear-nothing",
    "A chat does not reach everybody who is in the room, the sender included.",
    (
        "Two are in a room. Follow one chat: to whom is it sent?",
        "The room is looked up under another name, only the others are told, or joined never comes.",
        "`for member in list(members.get(room, ())): await tell(member, ...)`, the sender among them.",
    ),
)
LEAKS = Misconception(
    "rooms-leak",
    "What is said in one room is heard in another.",
    (
        "Which connections does your loop over the members go through?",
        "All that there are, or all whose room begins alike, instead of those of this room.",
        "A dict from roomId to a set of connections, looked up by the whole name.",
    ),
)
UNJOINED = Misconception(
    "chat-without-join",
    "Who has not joined a room speaks in it.",
    (
        "What do you ask before you pass a chat on?",
        "The room in the message is believed: anybody can write any room there.",
        '`if room not in joined: return await connection.close(1008, "join first")`, with this connection\'s own set.',
    ),
)
LEAVE_SAID = Misconception(
    "leave-is-only-said",
    "leave is answered with left, and changes nothing, or only one direction.",
    (
        "After leave, what do the room's members say, and what does the connection's own set say?",
        "One of the two was forgotten: it still hears, or it may still speak.",
        "`joined.discard(room)` and `members[room].discard(connection)`, both.",
    ),
)
SPREAD = Misconception(
    "sender-chooses-who-it-is",
    "The event takes userId, or other fields of the server's, from what the client wrote.",
    (
        "Where does the userId of an event come from?",
        "The message is passed on as it came, or spread into the event.",
        '`await tell(member, type="chat", roomId=room, userId=user, text=message["text"])`, field by field.',
    ),
)
TWICE = Misconception(
    "members-in-a-list",
    "Who joins twice hears everything twice.",
    (
        "What does a second join of the same room do to your members?",
        "They are in a list, which takes the same connection again.",
        "Keep them in a set.",
    ),
)
GONE_STAYS = Misconception(
    "gone-are-still-members",
    "Who has gone is still counted, so the members of a room only ever grow.",
    (
        "A connection ends, by a close or without a word. Which line runs then?",
        "The loop ends and nobody removes it; or only a proper leave does.",
        "try: ... finally: for room in joined: members[room].discard(connection)",
    ),
)
ONE_FOR_ALL = Misconception(
    "one-gone-ends-the-others",
    "When one member has gone, those who come behind it in the loop hear nothing, or the speaker is closed.",
    (
        "What does sending to a connection do that is gone, and who catches it?",
        "`send` raises ConnectionClosed in the speaker's own handler.",
        "Use `tell`, which passes over those who have just gone.",
    ),
)


async def _heard(stage: Any) -> Seen:
    room, words = stage.room(), f"words {stage.rng.getrandbits(24)}"
    speaker, listener = await stage.enter(room), await stage.enter(room)
    for _ in range(2):
        speaker.chat(room, words)
        for peer in (listener, speaker):
            said = await peer.receive("chat")
            while said.get("roomId") != room:  # what leaks in from elsewhere is another check's
                said = await peer.receive("chat")
            if said.get("text") != words:
                return failed(f"the event's text is {str(said.get('text'))[:40]!r}, where {words!r} was said")
    return passed("both members heard both chats")


async def _join(peer: Peer, room: str) -> Any:
    """Join one more room; how many are in it then."""
    peer.send(type="join", roomId=room)
    return (await peer.receive("joined")).get("members")


async def _counted(stage: Any) -> Seen:
    """Joined tells how many there are; some go, in three ways, and one comes."""
    room = stage.room("counted")
    first = await stage.connect()
    first.send(type="auth", token=stage.target.tokens[0])
    await first.receive("auth_ok")
    counts = []
    counts.append(await _join(first, room))
    closes, vanishes, leaves = [await stage.enter(room) for _ in range(3)]
    await _join(vanishes, stage.room("another"))  # it is in two rooms when it goes
    leaves.send(type="leave", roomId=room)
    await leaves.receive("left")
    closes.send_text("no JSON")
    await closes.until_ended(stage.target.patience_s)
    vanishes.drop()
    for _ in range(20):  # until the server has seen that it vanished; a server that never does is at its end here
        last = await stage.connect()
        last.send(type="auth", token=stage.target.tokens[0])
        await last.receive("auth_ok")
        counts.append(await _join(last, room))
        if counts[-1] == 2:
            return passed("first 1, and after three had gone, 2")
        last.send(type="leave", roomId=room)
        await last.receive("left")
        last.drop()
    return failed(f"joined said members {counts[0]}, and after three had gone and one had come, {counts[-1]}")


async def _survives(stage: Any) -> Seen:
    """Some of five members vanish without a word while the speaker goes on."""
    room = stage.room("vanishing")
    speaker = await stage.enter(room)
    others = [await stage.enter(room) for _ in range(5)]
    gone = stage.rng.sample(others, 3)
    for number, peer in enumerate(gone):
        peer.drop()
        for burst in range(3):
            speaker.chat(room, f"words {number} {burst}")
    for peer in (speaker, *(peer for peer in others if peer not in gone)):
        try:
            texts = [(await peer.receive("chat")).get("text") for _ in range(9)]
        except ConnectionEnded as ended:
            return failed(f"{'the speaker' if peer is speaker else 'a member'} was ended: {ended}")
        if texts != [f"words {number} {burst}" for number in range(3) for burst in range(3)]:
            return failed(f"a member heard {texts}")
    return passed("three vanished; the others heard all nine chats, in order")


HEARD = "heard"
NEEDS = (HEARD,)
APART = (HEARD, "apart")
EXERCISE = Exercise(
    id="03-rooms",
    title="Somebody hears what was said in a room that it never entered",
    asks="Keep who is in which room, pass on what is said there, and forget whoever goes, however it goes.",
    lesson="03_rooms",
    kind="handler",
    answer="handler",
    checks=(
        Check(
            id=HEARD, expected="a chat reaches every member of its room, the sender too", usual=NOT_HEARD, run=_heard
        ),
        Check(
            id="apart",
            expected="nobody else hears it, in a room of a similar name either",
            usual=LEAKS,
            run=asked("rooms/1", "rooms/6"),
            needs=NEEDS,
        ),
        Check(
            id="join-first",
            expected="a chat without join: close 1008, and nobody hears it",
            usual=UNJOINED,
            run=asked("rooms/2"),
            needs=APART,
        ),
        Check(
            id="leave",
            expected="who has left neither hears nor speaks",
            usual=LEAVE_SAID,
            run=asked("rooms/3"),
            needs=(HEARD, "apart", "join-first"),
        ),
        Check(
            id="identity",
            expected="the event says who it was; the client does not",
            usual=SPREAD,
            run=asked("rooms/5"),
            needs=APART,
        ),
        Check(id="twice", expected="who joins twice hears it once", usual=TWICE, run=asked("rooms/7"), needs=APART),
        Check(
            id="survives", expected="members that vanish disturb nobody", usual=ONE_FOR_ALL, run=_survives, needs=APART
        ),
        Check(
            id="counted",
            expected="joined tells how many are here now; who has gone is not",
            usual=GONE_STAYS,
            run=_counted,
            needs=(HEARD, "apart", "leave", "twice"),
        ),
    ),
)
