"""storms/5: a continuous flood of messages."""

from labkit.review.endpoint import ConnectionEnded
from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

FLOODS = 20


async def _run(scene: Scene) -> Outcome:
    burst = scene.promised.message_burst
    if burst > 5000 or scene.promised.messages_per_s > 1e6:
        raise CannotTell("messages_per_s is off")
    peer = await scene.enter()
    try:
        for _ in range(FLOODS):
            for _ in range(int(burst) + 100):
                peer.send(type="ping")
            for _ in range(int(burst) + 100):  # while it is open, each gets a pong or an error
                await peer.receive()
    except ConnectionEnded as ended:
        is_right = ended.code == scene.target.dialect.code(4429) and "retry=" in ended.reason
        return (held if is_right else broken)(str(ended))
    return broken(f"{FLOODS * (int(burst) + 100)} messages in bursts were all answered")


PROBE = Probe(
    id="storms/5",
    title="A client that keeps flooding is closed",
    severity="P1",
    profile="full",
    requirement="A client that keeps exceeding the rate limit is closed with 4429 and retry=MS.",
    expected="close 4429 with retry=MS",
    fix="Count the refusals, and close when there are too many in a short time.",
    missing_test="Keep sending over the rate limit, and expect close 4429.",
    run=_run,
)
