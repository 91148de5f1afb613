"""storms/1: the reconnect window in auth_ok."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    window = peer.ok.get("reconnect")
    value = window.get("windowMs") if isinstance(window, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        return broken(f"auth_ok contains reconnect: {window}")
    return held(f"windowMs {value}")


PROBE = Probe(
    id="storms/1",
    title="auth_ok tells clients how far to spread their reconnects",
    severity="P1",
    profile="full",
    requirement="auth_ok contains reconnect.windowMs: only the server knows how many clients it has.",
    expected="a number of milliseconds in auth_ok",
    fix="Compute the window from the number of connections and the accept rate, and send it in auth_ok.",
    missing_test="Expect reconnect.windowMs in auth_ok.",
    run=_run,
)
