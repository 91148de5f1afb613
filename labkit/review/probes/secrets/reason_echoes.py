"""secrets/2: close reasons that give back what was sent."""

from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    marker = "marker" + scene.room()[2:10]
    for name, message in {
        "token": {"type": "auth", "token": marker},
        "type": {"type": marker},
        "roomId": {"type": "join", "roomId": f"!{marker}"},
    }.items():
        if name == "token" and "auth" in scene.target.dialect.no_messages:
            continue
        peer = await (scene.connect() if name == "token" else scene.enter())
        peer.say(**message)
        try:  # whether it is refused is for other probes: here it matters what is told
            told = str([said for said in await peer.everything() if said.get("type") != "joined"])
        except Ended as ended:
            told = ended.reason
        if marker in told:
            return broken(f"the reason gives the {name} back: {told}")
    return held("no reason holds what was sent")


PROBE = Probe(
    id="secrets/2",
    title="A close reason never gives back what the peer sent",
    severity="P1",
    profile="core",
    requirement="Reasons come from a fixed list, never from user text.",
    expected="no reason holds the token, the type or the roomId",
    fix="Choose the reason from a list of constants.",
    missing_test="Send an unknown type and a wrong token and expect neither in the close reason.",
    run=_run,
)
