"""storms/2: the window when the crowd doubles."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene

MOST = 300


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    first = float(peer.ok.get("reconnect", {}).get("windowMs", 0))
    present = int(first * scene.promised.handshakes_per_s / 2000) + 1
    if present > MOST / 2:
        raise CannotTell(f"about {present} others are connected: too many to double")
    for _ in range(present + 4):
        await scene.connect()
    await must_be_well(peer)
    if not peer.windows:
        return broken(f"{present + 4} more connected beside about {present}, and no reconnect came")
    return (held if max(peer.windows) > first else broken)(f"windowMs {first:g}, then {peer.windows}")


PROBE = Probe(
    id="storms/2",
    title="The window is told anew when the crowd doubles",
    severity="P2",
    profile="full",
    requirement="reconnect {windowMs} is sent whenever the number of connections has doubled or halved.",
    expected="reconnect with a larger windowMs",
    fix="Compare the number of connections with the number last told, and tell everybody.",
    missing_test="Double the number of connections and expect reconnect.",
    run=_run,
    alone=True,
)
