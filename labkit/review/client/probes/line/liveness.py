"""Client probes about pings and a server that stops answering."""

import asyncio

from labkit.evidence import Outcome, broken, held
from labkit.review.client.connection import ClientConnection
from labkit.review.client.reviewed_client import ReviewedClient
from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded
from labkit.review.probe import Probe


async def _pong(scene: ClientScene) -> Outcome:
    connection = await (await scene.client()).enter()
    payloads = [b"", b"abc", bytes(range(125))]
    for payload in payloads:
        connection.ping(payload)
    await connection.until(lambda: len(connection.pongs) == len(payloads) or connection.ended, connection.patience_s)
    return (held if connection.pongs == payloads else broken)(
        f"{len(connection.pongs)} pongs for {len(payloads)} pings"
    )


PONG = Probe(
    id="line/1",
    title="A ping frame is answered with its payload",
    severity="P1",
    profile="client",
    requirement="RFC 6455 5.5.3; a client that answers no ping is closed as unresponsive (4408).",
    expected="one pong per ping, with the same payload",
    fix="Let the WebSocket library answer ping frames, and do not block its event loop.",
    missing_test="Send ping frames, and expect the same payloads back.",
    run=_pong,
)


PING_MS = 300
GIVE_UP_S = 15.0  # the protocol says 10


async def _idle_server(scene: ClientScene) -> Outcome:
    idle, healthy = await scene.client(), await scene.client()
    connection, control = await idle.enter(pingMs=PING_MS), await healthy.enter(pingMs=PING_MS)
    connection.answers_pings = False
    answering = asyncio.create_task(_answer(control))
    try:
        return await _watch(idle, connection, control)
    finally:
        answering.cancel()


async def _watch(idle: ReviewedClient, connection: ClientConnection, control: ClientConnection) -> Outcome:
    if not await connection.until(lambda: connection.ended, PING_MS / 1000 + GIVE_UP_S):
        asked = "sent ping, but" if _pings(connection) else "sent no ping, and"
        return broken(f"it {asked} {GIVE_UP_S:g} s later it still keeps the dead connection")
    if control.ended is not None:
        return broken(f"it gave up a connection whose pings were answered: {control.ended}")
    await idle.next_connection()
    if not _pings(connection):
        return broken("it gave up and reconnected without a ping, so it cannot tell a quiet server from a dead one")
    return held(
        f"it sent {_pings(connection)} pings, gave up and reconnected; where its pings were answered, it stayed"
    )


def _pings(connection: ClientConnection) -> int:
    return connection.pings + [one.get("type") for one in connection.received].count("ping")


async def _answer(connection: ClientConnection) -> None:
    try:
        while True:
            if (await connection.receive()).get("type") == "ping":
                connection.send(type="pong", sentAt="2100-01-01T00:00:00.000Z")
    except ConnectionEnded:
        pass


IDLE_SERVER = Probe(
    id="line/3",
    title="A client gives up an idle connection",
    severity="P1",
    profile="client",
    requirement="After pingMs without data the client sends ping; if no reply arrives within 10 s, it gives up.",
    expected="ping, then a new connection; no new connection if its pings are answered",
    fix="Restart a timer with every message; when it fires, send ping, and close if no reply arrives.",
    missing_test="Stop answering, and expect ping and then a new connection.",
    run=_idle_server,
)
