"""codes/2: final close codes."""

import asyncio

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe

FINAL = {1000: "done", 1008: "invalid message", 4409: "replaced", 4410: "session revoked"}


async def _run(scene: ClientScene) -> Outcome:
    clients = {code: await scene.client() for code in FINAL}
    connections = await asyncio.gather(*(client.enter() for client in clients.values()))
    for connection, (code, reason) in zip(connections, FINAL.items(), strict=True):
        connection.close(code, reason)
    await scene.control_returned()
    reconnected = [str(code) for code, client in clients.items() if client.has_reconnected]
    if reconnected:
        return broken(f"it reconnected after {', '.join(reconnected)}")
    return held(f"it stayed away after {', '.join(map(str, FINAL))}, while a client closed with 1001 reconnected")


PROBE = Probe(
    id="codes/2",
    title="A client stops after a final close code",
    severity="P1",
    profile="client",
    requirement="1000, 1008, 4409 and 4410 are final; after 4409 two tabs would replace each other forever.",
    expected="no further connection after 1000, 1008, 4409 and 4410",
    fix="Keep a table of close codes, and reconnect only after those that allow it.",
    missing_test="Close with each final code, and expect no further connection.",
    run=_run,
)
