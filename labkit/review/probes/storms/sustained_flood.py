"""storms/5: a flood that does not stop."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.peer import Ended
from labkit.review.probe import Probe
from labkit.review.scene import Scene

FLOODS = 20


async def _run(scene: Scene) -> Seen:
    burst = scene.promised.message_burst
    if burst > 5000 or scene.promised.messages_per_s > 1e6:
        raise CannotTell("messages_per_s is off")
    peer = await scene.enter()
    try:
        for _ in range(FLOODS):
            for _ in range(int(burst) + 100):
                peer.say(type="ping")
            for _ in range(int(burst) + 100):  # each is answered, with pong or with error, as long as it lives
                await peer.hear()
    except Ended as ended:
        is_right = ended.code == scene.target.dialect.code(4429) and "retry=" in ended.reason
        return (held if is_right else broken)(str(ended))
    return broken(f"{FLOODS * (int(burst) + 100)} messages at once were all answered")


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
