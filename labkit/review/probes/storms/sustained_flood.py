"""storms/5: a flood that does not stop."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    burst = scene.promised.message_burst
    if burst > 5000 or scene.promised.messages_per_s > 1e6:
        raise CannotTell("messages_per_s is off")
    peer = await scene.enter()
    for _ in range(20):
        for _ in range(int(burst) + 100):
            peer.say(type="ping")
        if await peer.until_ended(0.05):
            break
    ended = await peer.until_ended(2)
    if ended is None:
        return broken("it was never closed")
    is_right = ended.code == scene.target.dialect.code(4429) and "retry=" in ended.reason
    return (held if is_right else broken)(str(ended))


PROBE = Probe(
    id="storms/5",
    title="A flood that does not stop is ended",
    severity="P1",
    profile="full",
    requirement="Sustained excess of the rate closes with 4429 and retry=MS.",
    expected="close 4429 with retry=MS",
    fix="Count the refusals, and close when there are too many in a short time.",
    missing_test="Keep sending over the rate and expect close 4429.",
    run=_run,
)
