"""waits/2: a slot in the close reason."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe

NEAR_MS, FAR_MS = 200, 3000
EARLY = 0.95  # of a slot: clocks differ


async def _run(scene: ClientScene) -> Seen:
    near, far = await scene.client(), await scene.client()
    visits = [await far.enter(), await near.enter()]
    closed = visits[0].close(1012, f"restart retry={FAR_MS}")
    visits[1].close(1012, f"restart retry={NEAR_MS}")
    returned, last = await near.visit(), await far.visit()
    waited_s = last.at - closed
    told = f"with retry={FAR_MS} it came back after {waited_s:.2f} s"
    if waited_s < EARLY * FAR_MS / 1000:
        return broken(told)
    return (held if returned.at < last.at else broken)(f"{told}, with retry={NEAR_MS} sooner" if returned else told)


PROBE = Probe(
    id="waits/2",
    title="A slot is kept",
    severity="P1",
    profile="client",
    requirement="1012 gives each client a slot in the reason, retry=MS: it comes back then, and not before.",
    expected="a client comes back in its slot, the one with the earlier slot first",
    fix="Read retry=MS from the close reason, and wait as long.",
    missing_test="Close with 1012 retry=3000 and expect nobody before.",
    run=_run,
)
