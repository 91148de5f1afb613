"""waits/3: a server that says busy."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe

EARLY = 0.95


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    closed = (await subject.enter()).close(1013, "busy retry=100")
    waited_s = (await subject.visit()).at - closed
    return (held if waited_s > EARLY else broken)(f"it came back after {waited_s:.2f} s")


PROBE = Probe(
    id="waits/3",
    title="A busy server is left alone for a second",
    severity="P1",
    profile="client",
    requirement="After 1013 a client comes back at least a second later, whatever the slot.",
    expected="a second or more without it",
    fix="Add a second to a wait after 1013 that is shorter.",
    missing_test="Close with 1013 retry=100 and expect nobody for a second.",
    run=_run,
)
