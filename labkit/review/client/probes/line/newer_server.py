"""line/2: messages from the server that the client does not know."""

from labkit.evidence import Outcome, broken, held
from labkit.review.client.reviewed_client import ROOM
from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.enter(colour="blue", features={"a": [1, None]})
    connection.send(type="weather", text="fine")
    connection.send(type="weather", roomId=ROOM, text="fine", seq=1)
    client.publish(connection, "with more fields", "of another", userId="another", seq=2, mood={"good": True})
    await client.write_line_after_reading(connection, "still here")
    try:
        chat = await connection.receive("chat")
    except (ConnectionEnded, ReceiveTimeout) as instead:
        return broken(f"it did not continue after unknown types and fields: {instead}")
    return (held if chat.get("text") == "still here" else broken)(f"then it sent {chat.get('text')!r}")


PROBE = Probe(
    id="line/2",
    title="Unknown types and fields are ignored",
    severity="P1",
    profile="client",
    requirement="The server may be newer than the client, so the client ignores types and fields it does not know.",
    expected="the client stays connected and sends the next line",
    fix="Ignore unknown types and fields.",
    missing_test="Send an unknown type, and expect the client to continue.",
    run=_run,
)
