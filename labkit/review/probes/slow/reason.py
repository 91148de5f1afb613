"""slow/3: does a slow consumer learn why?"""

from labkit.review.finding import Seen, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    flood = await stall_and_flood(scene)
    if not flood.let_go:
        return broken(flood.told)
    again = await scene.enter(previous=str(flood.stalled.ok.get("connectionId")))
    close = again.ok.get("previousClose")
    code = close.get("code") if isinstance(close, dict) else None
    return (held if code == scene.target.dialect.code(1013) else broken)(f"previousClose {close}")


PROBE = Probe(
    id="slow/3",
    title="A slow consumer learns why it was closed",
    severity="P1",
    profile="full",
    requirement="The cause of a close that could not be delivered comes back as previousClose.",
    expected="previousClose with code 1013",
    fix="Keep how each connection ended, and tell it in the auth_ok that names it as previous.",
    missing_test="Be closed as slow, authenticate with previous, and expect previousClose 1013.",
    run=_run,
    alone=True,
)
