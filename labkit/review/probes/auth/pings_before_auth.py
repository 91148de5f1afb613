"""auth/5: protocol pings instead of auth."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    idle, pinging = await scene.connect(), await scene.connect()
    timeout_s = scene.promised.auth_timeout_s
    after = 0
    for _ in range(30):
        pinging.send_frame(frames.PING, b"still here")
        if await pinging.until_ended(timeout_s / 6):
            return (held if pinging.ended and pinging.ended.code == scene.target.dialect.code(4401) else broken)(
                str(pinging.ended)
            )
        after += idle.ended is not None
        if after > 6:
            return broken(f"an idle connection was closed; this one, after {len(pinging.pongs)} pings, was not")
    return broken("neither an idle connection nor one that sends pings was closed")


PROBE = Probe(
    id="auth/5",
    title="Pings do not extend the auth timeout",
    severity="P1",
    profile="core",
    requirement="The auth timeout runs from the handshake, whatever the client sends meanwhile.",
    expected="close 4401 when the auth timeout expires",
    fix="Do not restart the auth timer when bytes arrive: only auth_ok stops it.",
    missing_test="Send protocol pings throughout the auth timeout and expect close 4401 all the same.",
    run=_run,
)
