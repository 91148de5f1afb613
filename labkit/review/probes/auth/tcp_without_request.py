"""auth/19: a TCP connection without a complete request."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    idle, half = await scene.dial(), await scene.dial()
    half.send_bytes(scene.upgrade_request().encode()[:-20])
    allowed_s = 1.5 * scene.promised.auth_timeout_s + 2
    for name, peer in {"idle": idle, "with half a request": half}.items():
        if not await peer.until(lambda peer=peer: peer.is_lost, allowed_s):
            return broken(f"a TCP connection that is {name} is still open after {allowed_s:g} s")
    return held("both connections were ended")


PROBE = Probe(
    id="auth/19",
    title="An incomplete handshake times out",
    severity="P1",
    profile="full",
    requirement="The auth timeout covers the handshake as well.",
    expected="the server ends the connection when the auth timeout expires",
    fix="Start the timer when TCP connects, not when the handshake is complete.",
    missing_test="Open a TCP connection, send half a request, and expect the server to end it.",
    run=_run,
)
