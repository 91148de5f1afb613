"""Close codes after which a client must stop."""

import asyncio

from labkit.evidence import Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.probe import Probe


async def _auth_failed(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.wait_for_auth()
    connection.close(4403, "auth failed")
    await scene.control_returned()
    if client.has_reconnected:
        return broken(f"it reconnected {len(client.connections) - 1} times")
    return held("it ended" if client.has_ended else "it stayed away, while a client closed with 1001 reconnected")


AUTH_FAILED = Probe(
    id="codes/1",
    title="A client stops after a refused credential",
    severity="P1",
    profile="client",
    requirement="4403 is final: stop, and tell the user.",
    expected="no further connection",
    fix="Check the close code before you reconnect; 4403 means stop.",
    missing_test="Close with 4403 and expect no new connection.",
    run=_auth_failed,
)


FINAL_CODES = {1000: "done", 1008: "invalid message", 4409: "replaced", 4410: "session revoked"}


async def _final(scene: ClientScene) -> Outcome:
    clients = {code: await scene.client() for code in FINAL_CODES}
    connections = await asyncio.gather(*(client.enter() for client in clients.values()))
    for connection, (code, reason) in zip(connections, FINAL_CODES.items(), strict=True):
        connection.close(code, reason)
    await scene.control_returned()
    reconnected = [str(code) for code, client in clients.items() if client.has_reconnected]
    if reconnected:
        return broken(f"it reconnected after {', '.join(reconnected)}")
    return held(f"it stayed away after {', '.join(map(str, FINAL_CODES))}, while a client closed with 1001 reconnected")


FINAL = Probe(
    id="codes/2",
    title="A client stops after a final close code",
    severity="P1",
    profile="client",
    requirement="1000, 1008, 4409 and 4410 are final; after 4409 two tabs would replace each other forever.",
    expected="no further connection after 1000, 1008, 4409 and 4410",
    fix="Keep a table of close codes, and reconnect only after those that allow it.",
    missing_test="Close with each final code and expect no new connection.",
    run=_final,
)
