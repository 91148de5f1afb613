"""Messages that a client must not send before the server has answered."""

from labkit.evidence import Outcome, broken, held
from labkit.review.client.scene import ClientScene
from labkit.review.probe import Probe


async def _auth_ok_first(scene: ClientScene) -> Outcome:
    client, control = await scene.client(), await scene.client()
    connection = await client.wait_for_auth()
    await control.enter()  # by now the other client had time to send anything it wanted
    types = [str(one.get("type")) for one in connection.received]
    if types != ["auth"]:
        return broken(f"before auth_ok it sent {', '.join(types)}")
    client.send_auth_ok(connection)
    await client.wait_for_join(connection)
    return held("it sent auth, and join only after auth_ok")


AUTH_OK_FIRST = Probe(
    id="entry/1",
    title="A client sends only auth before auth_ok",
    severity="P1",
    profile="client",
    requirement="Before auth_ok, a server closes the connection with 4403 on any message other than auth.",
    expected="auth, and join only after auth_ok",
    fix="Send join in the handler of auth_ok, not in the handler of open.",
    missing_test="Delay auth_ok, and expect nothing but auth.",
    run=_auth_ok_first,
)


async def _joined_first(scene: ClientScene) -> Outcome:
    client, control = await scene.client(), await scene.client()
    connection = await client.wait_for_auth()
    client.send_auth_ok(connection)
    await client.wait_for_join(connection)
    control_connection = await control.enter()
    client.write_line("good morning")
    await control.write_line_after_reading(control_connection, "good morning")
    await control_connection.receive("chat")
    types = [str(one.get("type")) for one in connection.received]
    if "chat" in types:
        return broken(f"before joined it sent {', '.join(types)}")
    client.send_joined(connection)
    chat = await connection.receive("chat")
    return (held if chat.get("text") == "good morning" else broken)(f"after joined it sent {chat.get('text')!r}")


JOINED_FIRST = Probe(
    id="entry/2",
    title="A client sends nothing to a room before joined",
    severity="P1",
    profile="client",
    requirement="A chat before joined closes the connection with 1008, which is final.",
    expected="chat only after joined",
    fix="Queue messages until joined has arrived.",
    missing_test="Delay joined, give the client a line to send, and expect no chat.",
    run=_joined_first,
)
