"""Rooms that a user's grants do not cover."""

from labkit.evidence import Outcome, broken, held
from labkit.review.judge import must_end, must_receive_only
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _denied(scene: Scene) -> Outcome:
    room = "private:" + scene.unique()
    insider = await scene.enter(room)
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    guest.send(type="join", roomId=room)
    response = await guest.receive()
    if response.get("type") != "error" or response.get("code") != "room_denied":
        return broken(f"the response to join was {response.get('type')} {response.get('code', '')}".rstrip())
    guest.chat(room, "from a guest")
    outcome = await must_end(scene, guest, 1008)
    return (
        outcome if outcome.verdict == "broken" else await must_receive_only({"an insider": insider}, insider, room, [])
    )


DENIED = Probe(
    id="rooms/10",
    title="A room outside the grants cannot be joined",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="A join not covered by the grants is refused with error room_denied.",
    expected="error room_denied; a chat message there closes with 1008",
    fix="Check the session's grants on every join, and deny any room that no pattern covers.",
    missing_test="Join a room that the grants do not cover and expect room_denied.",
    run=_denied,
)


SIMILAR = ("review:ticket2", "review:ticket:sub", "review:ticke", "review:Ticket", "xreview:ticket", "review:ticket_")


async def _similar_to_granted(scene: Scene) -> Outcome:
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    for room in SIMILAR:
        guest.send(type="join", roomId=room)
        response = await guest.receive()
        if response.get("code") != "room_denied":
            return broken(f"{room}: the response was {response.get('type')} {response.get('code', '')}".rstrip())
    return held(f"each of {len(SIMILAR)} rooms was denied")


SIMILAR_TO_GRANTED = Probe(
    id="rooms/11",
    title="A grant covers no room with a similar name",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="A grant names one exact room, unless it ends in *, which makes it a prefix.",
    expected="error room_denied for each room",
    fix="Compare the whole name, and treat a pattern as a prefix only if it ends in *.",
    missing_test="Grant review:ticket and try review:ticket2; expect room_denied.",
    run=_similar_to_granted,
)


async def _read_only(scene: Scene) -> Outcome:
    room = "review:listen"
    member = await scene.enter(room)
    guest = await scene.enter(room, token=await scene.ticket())
    refused, text = (f"{what} {scene.unique()}" for what in ("refused", "allowed"))
    guest.chat(room, refused)
    response = await guest.receive()
    if response.get("code") != "read_only":
        return broken(f"the response was {response.get('type')} {response.get('code', '')}".rstrip())
    member.chat(room, text)
    while (event := await member.receive("chat")).get("text") != text:
        if event.get("text") == refused:
            return broken("the room received a chat message from a read-only member")
    return held("error read_only, and the room received nothing")


READ_ONLY = Probe(
    id="rooms/12",
    title="A member with read-only access cannot chat",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="A message from a user without write access (w) to the room is refused with error read_only.",
    expected="error read_only, and the room receives nothing",
    fix="Store the access with the membership, and check it for every message to the room.",
    missing_test="Join with a read-only grant, chat, and expect read_only.",
    run=_read_only,
)
