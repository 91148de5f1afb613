"""entry/2: what a client says before it is in the room."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject, control = await scene.client(), await scene.client()
    visit = await subject.authed()
    subject.admit(visit)
    await subject.asks_in(visit)
    inside = await control.enter()
    subject.line("good morning")
    await control.told(inside, "good morning")
    await inside.hear("chat")
    said = [str(one.get("type")) for one in visit.said]
    if "chat" in said:
        return broken(f"before joined it said {', '.join(said)}")
    subject.let_in(visit)
    chat = await visit.hear("chat")
    return (held if chat.get("text") == "good morning" else broken)(f"after joined it said {chat.get('text')!r}")


PROBE = Probe(
    id="entry/2",
    title="Nothing is said in a room before joined",
    severity="P1",
    profile="client",
    requirement="A chat before joined closes the connection with 1008, which is final.",
    expected="chat only when joined has come",
    fix="Keep what is to be said until joined has come.",
    missing_test="Hold joined back, have something said, and expect no chat.",
    run=_run,
)
