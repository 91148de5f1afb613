"""auth/19: a TCP connection without a request."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    silent, half = await scene.dial(), await scene.dial()
    half.raw(scene.upgrade().encode()[:-20])
    allowed_s = 1.5 * scene.promised.auth_timeout_s + 2
    for name, peer in {"silent": silent, "with half a request": half}.items():
        if not await peer.until(lambda peer=peer: peer.is_lost, allowed_s):
            return broken(f"a connection that is {name} is still there after {allowed_s:g} s")
    return held("both were ended")


PROBE = Probe(
    id="auth/19",
    title="Half a handshake is not kept for ever",
    severity="P1",
    profile="full",
    requirement="The deadline for auth covers the handshake as well.",
    expected="the server ends the connection when the auth timeout is over",
    fix="Start the deadline when TCP connects, not when the handshake is done.",
    missing_test="Open a TCP connection, send half a request, and expect it to be ended.",
    run=_run,
)
