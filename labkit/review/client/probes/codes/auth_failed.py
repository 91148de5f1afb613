"""codes/1: the credential is refused."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.wait_for_auth()
    connection.close(4403, "auth failed")
    await scene.control_returned()
    if client.has_reconnected:
        return broken(f"it reconnected {len(client.connections) - 1} times")
    return held("it ended" if client.has_ended else "it stayed away, while a client closed with 1001 reconnected")


PROBE = Probe(
    id="codes/1",
    title="A client stops after a refused credential",
    severity="P1",
    profile="client",
    requirement="4403 is final: stop, and tell the user.",
    expected="no further connection",
    fix="Look at the close code before you reconnect; 4403 means stop.",
    missing_test="Close with 4403 and expect no further connection.",
    run=_run,
)
