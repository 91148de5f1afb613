"""words/4: the position that a client sends when it rejoins."""

from labkit.evidence import Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Outcome:
    client = await scene.client()
    connection = await client.enter()
    client.publish(connection, "the first event", "from another user", userId="another")
    await connection.until_read()
    connection.abort()
    connection = await client.wait_for_auth()
    client.send_auth_ok(connection)
    join = await client.wait_for_join(connection)
    is_right = join.get("since") == {"epoch": "one", "seq": 1}
    return (held if is_right else broken)(f"join contained since {join.get('since')}")


PROBE = Probe(
    id="words/4",
    title="A client that rejoins sends the position of its last event",
    severity="P2",
    profile="client",
    requirement="join contains since {epoch, seq} of the last event, so the server can send the missed ones.",
    expected="since with the epoch of joined and the seq of the last event",
    fix="Remember the epoch and seq of each room, and send them with the next join.",
    missing_test="Send an event, cut the connection, and expect its seq in the next join.",
    run=_run,
)
