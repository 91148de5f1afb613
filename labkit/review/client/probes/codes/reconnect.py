"""Close codes after which a client must reconnect, and which credential it sends when it does."""

import asyncio

from labkit.evidence import Outcome, broken, held
from labkit.review.client.connection import ClientConnection
from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.probe import Probe

RECONNECT_CODES = {1001: "going away", 1006: "", 1011: "internal error", 4408: "no pong"}


async def _reconnect(scene: ClientScene) -> Outcome:
    clients = {code: await scene.client() for code in RECONNECT_CODES}
    connections = await asyncio.gather(*(client.enter() for client in clients.values()))
    for connection, (code, reason) in zip(connections, RECONNECT_CODES.items(), strict=True):
        _end(connection, code, reason)
    returns = await asyncio.gather(*(client.enter() for client in clients.values()), return_exceptions=True)
    away = [
        f"{code}: {back}"
        for code, back in zip(RECONNECT_CODES, returns, strict=True)
        if isinstance(back, ConnectionEnded | ReceiveTimeout)
    ]
    if away:
        return broken(f"after {'; after '.join(away)}")
    if errors := [back for back in returns if isinstance(back, BaseException)]:
        raise errors[0]
    return held(f"it reconnected and rejoined its room after {', '.join(map(str, RECONNECT_CODES))}")


def _end(connection: ClientConnection, code: int, reason: str) -> None:
    if code == 1006:
        connection.abort()
    else:
        connection.close(code, reason)


RECONNECT = Probe(
    id="codes/3",
    title="A client reconnects after a lost connection",
    severity="P1",
    profile="client",
    requirement="After 1001, 1006, 1011 and 4408 the client reconnects and rejoins its rooms.",
    expected="a new connection, with auth and join",
    fix="Reconnect after every close code that is not final, and rejoin the rooms after auth_ok.",
    missing_test="Cut the connection, and expect auth and join on a new one.",
    run=_reconnect,
)


async def _resume(scene: ClientScene) -> Outcome:
    client = await scene.client()
    (await client.enter()).abort()
    token = (await client.wait_for_auth()).first("auth").get("token")
    if token == client.resumes[-1]:
        return held("auth contained the resume credential of the last auth_ok")
    return broken(f"auth contained {'the first token' if token == client.token else 'another token'}")


RESUME = Probe(
    id="codes/4",
    title="A reconnecting client resumes its session",
    severity="P2",
    profile="client",
    requirement="After 1006 the next auth contains the resume credential, because a ticket works only once.",
    expected="auth with the resume of the last auth_ok",
    fix="Keep resume from auth_ok, and send it after every code that does not require a new ticket.",
    missing_test="Cut the connection and expect resume in the next auth.",
    run=_resume,
)


async def _expired(scene: ClientScene) -> Outcome:
    late, expired = await scene.client(), await scene.client()
    (await late.wait_for_auth()).close(4401, "auth required")
    (await expired.enter()).close(4419, "session expired")
    await late.wait_for_auth()
    token = (await expired.wait_for_auth()).first("auth").get("token")
    if token in expired.resumes:
        return broken("after 4419 it sent the expired credential again")
    if token in expired.tickets:
        return held("after 4419 it sent a ticket that it had fetched")
    return (held if token == expired.token else broken)(
        f"after 4419 it sent {'LABKIT_TOKEN' if token == expired.token else 'something else'}"
    )


EXPIRED = Probe(
    id="codes/5",
    title="After 4401 and 4419 a client reconnects with a new ticket",
    severity="P1",
    profile="client",
    requirement="After 4401 and 4419 fetch a new ticket and reconnect; an expired resume never works again.",
    expected="a new connection after each code; after 4419, auth contains LABKIT_TOKEN or a new ticket, not resume",
    fix="Discard resume after 4401 and 4419.",
    missing_test="Close with 4419, and expect another credential in the next auth.",
    run=_expired,
)
