"""words/3: messages confirmed before the connection was lost."""

from labkit.review.client.scene import ClientScene
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
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


PROBE = Probe(
    id="words/3",
    title="A confirmed message is not sent again",
    severity="P2",
    profile="client",
    requirement="The client's own event confirms a message: the client then forgets it.",
    expected="the confirmed text is not sent again",
    fix="Match events to requests by requestId, and forget the confirmed ones.",
    missing_test="Confirm one chat but not the next, cut the connection; expect only the second one again.",
    run=_run,
)
