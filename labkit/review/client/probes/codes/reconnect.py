"""codes/3: close codes that ask the client to reconnect."""

import asyncio

from labkit.review.client.connection import ClientConnection
from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe

RECONNECT = {1001: "going away", 1006: "", 1011: "internal error", 4408: "no pong"}


async def _run(scene: ClientScene) -> Outcome:
    clients = {code: await scene.client() for code in RECONNECT}
    connections = await asyncio.gather(*(client.enter() for client in clients.values()))
    for connection, (code, reason) in zip(connections, RECONNECT.items(), strict=True):
        _end(connection, code, reason)
    returns = await asyncio.gather(*(client.enter() for client in clients.values()), return_exceptions=True)
    away = [
        f"{code}: {back}"
        for code, back in zip(RECONNECT, returns, strict=True)
        if isinstance(back, ConnectionEnded | ReceiveTimeout)
    ]
    if away:
        return broken(f"after {'; after '.join(away)}")
    return held(f"it reconnected and rejoined its room after {', '.join(map(str, RECONNECT))}")


def _end(connection: ClientConnection, code: int, reason: str) -> None:
    if code == 1006:
        connection.abort()
    else:
        connection.close(code, reason)


PROBE = Probe(
    id="codes/3",
    title="A client reconnects after a lost connection",
    severity="P1",
    profile="client",
    requirement="After 1001, 1006, 1011 and 4408 the client reconnects and rejoins its rooms.",
    expected="a new connection, with auth and join",
    fix="Reconnect after every code that is not final, and rejoin the rooms after auth_ok.",
    missing_test="Cut the connection, and expect auth and join on a new one.",
    run=_run,
)
