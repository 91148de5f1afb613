"""slow/3: the reason given to a slow consumer."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    flood = await stall_and_flood(scene)
    if not flood.is_closed:
        return broken(flood.summary)
    again = await scene.enter(previous=str(flood.stalled.ok.get("connectionId")))
    close = again.ok.get("previousClose")
    code = close.get("code") if isinstance(close, dict) else None
    return (held if code == scene.target.dialect.code(1013) else broken)(f"previousClose {close}")


PROBE = Probe(
    id="slow/3",
    title="A slow consumer learns why it was closed",
    severity="P1",
    profile="full",
    requirement="If a close frame cannot be delivered, the next auth_ok reports it as previousClose.",
    expected="previousClose with code 1013",
    fix="Remember how each connection ended, and report it in the auth_ok that names it as previous.",
    missing_test="Get closed as slow, authenticate with previous, and expect previousClose 1013.",
    run=_run,
    alone=True,
)
