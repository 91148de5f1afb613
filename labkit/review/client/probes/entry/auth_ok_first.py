"""entry/1: messages before auth_ok."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    client, control = await scene.client(), await scene.client()
    connection = await client.wait_for_auth()
    await control.enter()  # by now the other client had time to send anything it wanted
    types = [str(one.get("type")) for one in connection.received]
    if types != ["auth"]:
        return broken(f"before auth_ok it sent {', '.join(types)}")
    client.send_auth_ok(connection)
    await client.wait_for_join(connection)
    return held("it sent auth, and join only after auth_ok")


PROBE = Probe(
    id="entry/1",
    title="A client sends only auth before auth_ok",
    severity="P1",
    profile="client",
    requirement="Before auth_ok a server closes with 4403 after any message but auth.",
    expected="auth, and join only after auth_ok",
    fix="Send join in the handler of auth_ok, not in the handler of open.",
    missing_test="Delay auth_ok, and expect nothing but auth.",
    run=_run,
)
