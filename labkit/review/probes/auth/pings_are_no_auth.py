"""auth/5: protocol pings instead of auth."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    timeout_s = scene.promised.auth_timeout_s
    for _ in range(12):
        peer.frame(frames.PING, b"still here")
        if await peer.until_ended(timeout_s / 6):
            break
    if peer.ended is None:
        await peer.until_ended(2)
    if peer.ended is None:
        return broken(f"still connected, with {len(peer.pongs)} pings answered")
    return (held if peer.ended.code == scene.target.dialect.code(4401) else broken)(str(peer.ended))


PROBE = Probe(
    id="auth/5",
    title="Pings do not put off the auth timeout",
    severity="P1",
    profile="core",
    requirement="The auth timeout runs from the handshake, whatever else the peer sends.",
    expected="close 4401 when the auth timeout is over",
    fix="Do not restart the auth timer when bytes come: only auth_ok ends it.",
    missing_test="Send a protocol ping several times within the auth timeout and expect close 4401 all the same.",
    run=_run,
)
