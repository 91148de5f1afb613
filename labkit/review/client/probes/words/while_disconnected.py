"""words/2: messages written without a connection."""

from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
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


PROBE = Probe(
    id="words/2",
    title="A message written while disconnected is sent later",
    severity="P1",
    profile="client",
    requirement="A text that cannot be sent now is kept, and sent after the next join.",
    expected="the chat, after joined",
    fix="Queue messages, and send from the queue only in a joined room.",
    missing_test="Write a message between two connections, and expect it on the second.",
    run=_run,
)
