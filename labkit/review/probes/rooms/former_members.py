"""Members that have left a room, or whose connection was closed."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.judge import must_end, must_receive_only, refused_or_served
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _after_leave(scene: Scene) -> Outcome:
    room = scene.room()
    stays, leaves = await scene.enter(room), await scene.enter(room)
    leaves.send(type="leave", roomId=room)
    await leaves.receive("left")
    stays.chat(room, "after it left")
    await stays.receive("chat")
    chats = [one for one in await leaves.received_so_far() if one.get("type") == "chat"]
    if chats:
        return broken("it still receives events of the room that it left")
    leaves.chat(room, "from a former member")
    outcome = await must_end(scene, leaves, 1008)
    return (
        outcome
        if outcome.verdict == "broken"
        else await must_receive_only({"the remaining member": stays}, stays, room, [])
    )


AFTER_LEAVE = Probe(
    id="rooms/3",
    title="A member that has left neither receives nor sends",
    severity="P0",
    profile="full",
    promise=DANGER,
    cause="membership is not checked for every message",
    requirement="After leave, a client can neither send to the room nor receive from it.",
    expected="left, then no events; a chat message closes with 1008",
    fix="Remove the connection from the room and the room from the connection in one step.",
    missing_test="Leave a room, let another member chat, then chat to it; expect no event and close 1008.",
    run=_after_leave,
)


BRIEF_S = 3.0


async def _chat_after_close(scene: Scene) -> Outcome:
    if scene.target.dialect.answer(1008):
        raise CannotTell("this server does not close a connection for an invalid message")
    room = scene.room()
    member, sender = await scene.enter(room), await scene.enter(room)
    sender.send_text("this is not JSON")
    sender.chat(room, "sent after the close")
    ended = await refused_or_served(scene, sender, BRIEF_S)
    if scene.is_strict and (ended is None or ended.code != scene.target.dialect.code(1008)):
        return broken(f"{ended or 'the connection stays open'}")
    if ended is None:
        return held("this server does not close a connection for an invalid message")
    return await must_receive_only({"the member": member}, member, room, [])


CHAT_AFTER_CLOSE = Probe(
    id="rooms/4",
    title="A closed member cannot chat any more",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="messages are still handled after the server has closed the connection",
    requirement="After a close, the server ignores everything that the client still sends.",
    expected="close 1008, and the room receives nothing",
    fix="Mark the connection as closing before you send the close frame, and drop every message after that.",
    missing_test="Send an invalid message and a chat message in one write; the room must receive nothing.",
    run=_chat_after_close,
)
