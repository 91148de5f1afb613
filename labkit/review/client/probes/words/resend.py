"""Messages that a client must send again or later, and those that it must not repeat."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.probe import Probe


async def _unconfirmed(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.enter()
    await client.write_line_after_reading(connection, "keep this")
    chat = await connection.receive("chat")
    connection.abort()  # the client cannot know whether the server has stored it
    try:
        again = await (await client.enter()).receive("chat")
    except (ConnectionEnded, ReceiveTimeout) as instead:
        return broken(f"it was not sent again: {instead}")
    is_same = again.get("text") == chat.get("text") and isinstance(chat.get("requestId"), str)
    if not is_same or again.get("requestId") != chat.get("requestId"):
        return broken(f"requestId {chat.get('requestId')!r}, and then {again.get('requestId')!r}")
    return held("it was sent again with the same requestId")


UNCONFIRMED = Probe(
    id="words/1",
    title="An unconfirmed message is sent again with its requestId",
    severity="P1",
    profile="client",
    requirement="The client keeps a text until its event arrives; the requestId lets the server recognise a repeat.",
    expected="the same chat with the same requestId after the next join",
    fix="Keep a message until its event arrives; create the requestId once, when the user sends it.",
    missing_test="Cut the connection between a chat and its event; expect the chat again.",
    run=_unconfirmed,
)


async def _while_disconnected(scene: ClientScene) -> Outcome:
    client = await scene.client()
    (await client.enter()).abort()
    connection = await client.wait_for_auth()  # connected, but not yet authenticated
    client.write_line("written while away")
    client.send_auth_ok(connection)
    try:
        await client.wait_for_join(connection)
        client.send_joined(connection)
        chat = await connection.receive("chat")
    except (ConnectionEnded, ReceiveTimeout) as instead:
        return broken(f"it was not sent: {instead}")
    return (held if chat.get("text") == "written while away" else broken)(f"then it sent {chat.get('text')!r}")


WHILE_DISCONNECTED = Probe(
    id="words/2",
    title="A message written while disconnected is sent later",
    severity="P1",
    profile="client",
    requirement="A message that cannot be sent while disconnected is kept, and sent after the next join.",
    expected="the chat, after joined",
    fix="Queue messages, and send from the queue only in a joined room.",
    missing_test="Write a message between two connections, and expect it on the second.",
    run=_while_disconnected,
)


async def _once(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.enter()
    await client.write_line_after_reading(connection, "one")
    chat = await connection.receive("chat")
    client.publish(connection, "one", chat.get("requestId"))
    await client.write_line_after_reading(connection, "two")
    await connection.receive("chat")
    connection.abort()
    connection = await client.enter()
    await client.write_line_after_reading(connection, "three")
    texts: list[str] = []
    try:
        while "three" not in texts:
            texts.append(str((await connection.receive("chat")).get("text")))
    except (ConnectionEnded, ReceiveTimeout) as instead:
        if "one" not in texts:  # words/2 covers that
            raise CannotTell(f"after the reconnect it did not send its line: {instead}") from None
    return (broken if "one" in texts else held)(f"after the reconnect it sent {', '.join(texts)}")


ONCE = Probe(
    id="words/3",
    title="A confirmed message is not sent again",
    severity="P2",
    profile="client",
    requirement="The client's own event confirms a message: the client then forgets it.",
    expected="the confirmed text is not sent again",
    fix="Match events to requests by requestId, and forget the confirmed ones.",
    missing_test="Confirm one chat but not the next, cut the connection; expect only the second one again.",
    run=_once,
)
