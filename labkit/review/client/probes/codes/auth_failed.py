"""codes/1: what a client does when its credential is refused."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    visit = await subject.authed()
    visit.close(4403, "auth failed")
    await scene.control_returned()
    if subject.has_called_again:
        return broken(f"it came back {len(subject.visits) - 1} times")
    return held("it ended" if subject.has_ended else "it stayed away, while a client closed with 1001 came back")


PROBE = Probe(
    id="codes/1",
    title="A refused credential is not tried again",
    severity="P1",
    profile="client",
    requirement="4403 is final: stop, and tell the user.",
    expected="no further connection",
    fix="Look at the close code before you reconnect; 4403 means stop.",
    missing_test="Close with 4403 and expect no further connection.",
    run=_run,
)
