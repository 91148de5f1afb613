"""secrets/2: close reasons that repeat what the client sent."""

from labkit.review.endpoint import ConnectionEnded
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    marker = "marker" + scene.room()[2:10]
    for name, message in {
        "token": {"type": "auth", "token": marker},
        "type": {"type": marker},
        "roomId": {"type": "join", "roomId": f"!{marker}"},
    }.items():
        if name == "token" and "auth" in scene.target.dialect.no_messages:
            continue
        peer = await (scene.connect() if name == "token" else scene.enter())
        peer.send(**message)
        try:  # other probes check that it is refused; this one reads the text
            text = str([one for one in await peer.received_so_far() if one.get("type") != "joined"])
        except ConnectionEnded as ended:
            text = ended.reason
        if marker in text:
            return broken(f"the reason repeats the {name}: {text}")
    return held("no reason repeats what was sent")


PROBE = Probe(
    id="secrets/2",
    title="A close reason never repeats what the client sent",
    severity="P1",
    profile="core",
    requirement="Close reasons come from a fixed list, never from user text.",
    expected="no reason contains the token, the type or the roomId",
    fix="Choose the reason from a list of constants.",
    missing_test="Send an unknown type and a wrong token; expect neither in the close reason.",
    run=_run,
)
