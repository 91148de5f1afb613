"""auth/5: protocol pings instead of auth."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    silent, pinging = await scene.connect(), await scene.connect()
    timeout_s = scene.promised.auth_timeout_s
    after = 0
    for _ in range(30):
        pinging.frame(frames.PING, b"still here")
        if await pinging.until_ended(timeout_s / 6):
            return (held if pinging.ended and pinging.ended.code == scene.target.dialect.code(4401) else broken)(
                str(pinging.ended)
            )
        after += silent.ended is not None
        if after > 6:
            return broken(f"a silent connection has ended; this one, after {len(pinging.pongs)} pings, has not")
    return broken("neither a silent connection nor a pinging one has ended")


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
