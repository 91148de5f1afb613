"""rooms/12: chatting with read-only access."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = "review:listen"
    member = await scene.enter(room)
    guest = await scene.enter(room, token=await scene.ticket())
    guest.chat(room, "not allowed")
    response = await guest.receive()
    if response.get("code") != "read_only":
        return broken(f"the response was {response.get('type')} {response.get('code', '')}".rstrip())
    text = scene.room()
    member.chat(room, text)
    while (event := await member.receive("chat")).get("text") != text:
        if event.get("userId") == guest.ok.get("userId"):
            return broken("the room received a chat from a read-only member")
    return held("error read_only, and the room received nothing")


PROBE = Probe(
    id="rooms/12",
    title="A member with read-only access cannot chat",
    severity="P0",
    profile="full",
    requirement="A message to a room without write access (w) is refused with error read_only.",
    expected="error read_only, and the room receives nothing",
    fix="Store the access with the membership, and check it for every message to the room.",
    missing_test="Join with a read-only grant, chat, and expect read_only.",
    run=_run,
)
