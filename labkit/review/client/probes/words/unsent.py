"""words/1: what was said just before the connection was lost."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    visit = await subject.enter()
    await subject.told(visit, "do not lose me")
    chat = await visit.hear("chat")
    visit.abort()  # and nobody knows whether the server has stored it
    try:
        again = await (await subject.enter()).hear("chat")
    except (Ended, Silent) as instead:
        return broken(f"it was not said again: {instead}")
    is_same = again.get("text") == chat.get("text") and isinstance(chat.get("requestId"), str)
    if not is_same or again.get("requestId") != chat.get("requestId"):
        return broken(f"requestId {chat.get('requestId')!r}, and then {again.get('requestId')!r}")
    return held("it was said again, under the same requestId")


PROBE = Probe(
    id="words/1",
    title="What was not confirmed is said again, under its requestId",
    severity="P1",
    profile="client",
    requirement="A text is kept until its event has come; the requestId lets the server know it again.",
    expected="the same chat with the same requestId after the next join",
    fix="Keep what was sent until its event returns; make the requestId once, when the user speaks.",
    missing_test="Cut the connection between a chat and its event; expect the chat again.",
    run=_run,
)
