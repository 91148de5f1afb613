"""storms/1: the first reconnect window."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    window = peer.ok.get("reconnect")
    value = window.get("windowMs") if isinstance(window, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        return broken(f"auth_ok says reconnect: {window}")
    return held(f"windowMs {value}")


PROBE = Probe(
    id="storms/1",
    title="Clients know beforehand how far to spread a reconnect",
    severity="P1",
    profile="full",
    requirement="auth_ok tells reconnect.windowMs: only the server knows how many clients it has.",
    expected="a number of milliseconds in auth_ok",
    fix="Compute the window from the number of connections and the accept rate, and tell it in auth_ok.",
    missing_test="Expect reconnect.windowMs in auth_ok.",
    run=_run,
)
