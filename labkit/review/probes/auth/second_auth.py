"""auth/9: auth again on a live connection."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    peer = await scene.enter(room)
    peer.say(type="auth", token="not-the-token-at-all")
    peer.chat(room, "still me")
    said = await peer.hear("chat")
    if said.get("userId") != peer.ok.get("userId"):
        return broken(f"it speaks as {said.get('userId')} now, and was {peer.ok.get('userId')}")
    return await must_be_well(peer)


PROBE = Probe(
    id="auth/9",
    title="A second auth changes nothing",
    severity="P2",
    profile="core",
    requirement="A second auth on one connection is ignored.",
    expected="the connection lives on, as the same user",
    fix="Ignore auth once a connection is authenticated; to renew a credential there is refresh.",
    missing_test="Send auth twice and expect one auth_ok and the same userId afterwards.",
    run=_run,
)
