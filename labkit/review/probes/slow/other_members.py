"""slow/2: the other members while one is slow."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    flood = await stall_and_flood(scene)
    summary = f"{flood.sent} chats were sent; a healthy member received {flood.received}"
    outcome = await must_be_well(flood.healthy)
    return outcome if outcome.verdict == "broken" else (held if flood.received == flood.sent else broken)(summary)


PROBE = Probe(
    id="slow/2",
    title="A slow consumer does not affect the others",
    severity="P1",
    profile="core",
    requirement="No member waits for a slow one.",
    expected="a healthy member receives every chat",
    fix="Never wait for one member's socket in the loop that serves everybody.",
    missing_test="Stop reading on one member, and expect the others to receive everything.",
    run=_run,
    alone=True,
)
