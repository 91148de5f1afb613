"""slow/2: the others beside a slow one."""

from labkit.review.finding import Seen, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    flood = await stall_and_flood(scene)
    told = f"{flood.sent} chats were said, and a healthy member heard {flood.heard}"
    seen = await must_be_well(flood.healthy)
    return seen if seen.verdict == "broken" else (held if flood.heard == flood.sent else broken)(told)


PROBE = Probe(
    id="slow/2",
    title="A slow consumer costs the others nothing",
    severity="P1",
    profile="core",
    requirement="Nobody waits for a slow member.",
    expected="a healthy member hears every chat",
    fix="Never wait for one member's socket in the loop that serves all.",
    missing_test="Stop reading on one member and expect the others to hear everything.",
    run=_run,
    alone=True,
)
