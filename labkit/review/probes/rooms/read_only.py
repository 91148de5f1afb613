"""rooms/12: speaking where one may only listen."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = "review:listen"
    member = await scene.enter(room)
    guest = await scene.enter(room, token=await scene.ticket())
    guest.chat(room, "may I?")
    said = await guest.hear()
    if said.get("code") != "read_only":
        return broken(f"answered with {said.get('type')} {said.get('code', '')}".rstrip())
    word = scene.room()
    member.chat(room, word)
    while (heard := await member.hear("chat")).get("text") != word:
        if heard.get("userId") == guest.ok.get("userId"):
            return broken("the room heard a member that may only read")
    return held("error read_only, and the room heard nothing")


PROBE = Probe(
    id="rooms/12",
    title="Who may only listen cannot speak",
    severity="P0",
    profile="full",
    requirement="A publication without w is refused with error read_only.",
    expected="error read_only, and the room hears nothing",
    fix="Keep the access with the membership and check it for each publication.",
    missing_test="Join with a read-only grant, chat, and expect read_only.",
    run=_run,
)
