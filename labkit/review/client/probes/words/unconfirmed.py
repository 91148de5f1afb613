"""words/1: messages sent just before the connection was lost."""

from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
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


PROBE = Probe(
    id="words/1",
    title="An unconfirmed message is sent again with its requestId",
    severity="P1",
    profile="client",
    requirement="The client keeps a text until its event arrives; the requestId lets the server recognise a repeat.",
    expected="the same chat with the same requestId after the next join",
    fix="Keep a message until its event arrives; create the requestId once, when the user sends it.",
    missing_test="Cut the connection between a chat and its event; expect the chat again.",
    run=_run,
)
