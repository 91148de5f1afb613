"""auth/4: a connection that never authenticates."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    allowed_s = 1.5 * scene.promised.auth_timeout_s + 2
    ended = await peer.until_ended(allowed_s)
    if ended is None:
        return broken(f"still connected after {allowed_s:g} s")
    return (held if ended.code == scene.target.dialect.code(4401) else broken)(str(ended))


PROBE = Probe(
    id="auth/4",
    title="Who never authenticates is not kept",
    severity="P1",
    profile="core",
    requirement="No valid auth within the auth timeout closes the connection with 4401.",
    expected="close 4401 when the auth timeout is over",
    fix="Start a timer with the connection and close with 4401 when it rings before auth_ok.",
    missing_test="Connect, say nothing, and expect close 4401.",
    run=_run,
)
