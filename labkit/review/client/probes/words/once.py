"""words/3: what was confirmed before the connection was lost."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    visit = await subject.enter()
    await subject.told(visit, "one")
    chat = await visit.hear("chat")
    subject.publish(visit, "one", chat.get("requestId"))
    await subject.told(visit, "two")
    await visit.hear("chat")
    visit.abort()
    visit = await subject.enter()
    await subject.told(visit, "three")
    texts: list[str] = []
    try:
        while "three" not in texts:
            texts.append(str((await visit.hear("chat")).get("text")))
    except (Ended, Silent) as silent:
        if "one" not in texts:  # words/2 is about that
            raise CannotTell(f"it did not say what it was told after the reconnect: {silent}") from None
    return (broken if "one" in texts else held)(f"after the reconnect it said {', '.join(texts)}")


PROBE = Probe(
    id="words/3",
    title="What was confirmed is not said again",
    severity="P2",
    profile="client",
    requirement="The own event is the confirmation: after it a text is forgotten.",
    expected="the text whose event came is not said again",
    fix="Match events to requests by requestId, and forget what is answered.",
    missing_test="Confirm one chat, not the next, cut the connection, and expect the first not to come again.",
    run=_run,
)
