"""auth/9: a second auth on an open connection."""

from labkit.review.finding import Outcome, broken
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    peer.send(type="auth", token="not-the-token-at-all")
    peer.chat(room, "still the same user")
    event = await peer.receive("chat")
    if event.get("userId") != peer.ok.get("userId"):
        return broken(f"its userId is now {event.get('userId')}; it was {peer.ok.get('userId')}")
    return await must_be_well(peer)


PROBE = Probe(
    id="auth/9",
    title="A second auth changes nothing",
    severity="P2",
    profile="core",
    requirement="A second auth on one connection is ignored.",
    expected="the connection stays open, as the same user",
    fix="Ignore auth once a connection is authenticated; refresh renews a credential.",
    missing_test="Send auth twice and expect one auth_ok and the same userId afterwards.",
    run=_run,
)
