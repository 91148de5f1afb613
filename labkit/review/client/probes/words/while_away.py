"""words/2: what is said without a connection."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    (await subject.enter()).abort()
    visit = await subject.authed()  # connected, and not yet let in
    subject.line("said while away")
    subject.admit(visit)
    try:
        await subject.asks_in(visit)
        subject.let_in(visit)
        chat = await visit.hear("chat")
    except (Ended, Silent) as instead:
        return broken(f"it was not said: {instead}")
    return (held if chat.get("text") == "said while away" else broken)(f"then it said {chat.get('text')!r}")


PROBE = Probe(
    id="words/2",
    title="What is said while the connection is away is said later",
    severity="P1",
    profile="client",
    requirement="A text that cannot be sent now is kept, and sent after the next join.",
    expected="the chat, after joined",
    fix="Put what is said into a queue, and send from it only in a joined room.",
    missing_test="Say something between two connections and expect it on the second.",
    run=_run,
)
