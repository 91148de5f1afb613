"""auth/4: a connection that never authenticates."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    allowed_s = 1.5 * scene.promised.auth_timeout_s + 2
    ended = await peer.until_ended(allowed_s)
    if ended is None:
        return broken(f"still connected after {allowed_s:g} s")
    return (held if ended.code == scene.target.dialect.code(4401) else broken)(str(ended))


PROBE = Probe(
    id="auth/4",
    title="A connection that never authenticates is closed",
    severity="P1",
    profile="core",
    requirement="Without a valid auth within the auth timeout, the connection is closed with 4401.",
    expected="close 4401 when the auth timeout expires",
    fix="Start a timer with the connection; close with 4401 if it fires before auth_ok.",
    missing_test="Connect, send nothing, and expect close 4401.",
    run=_run,
)
