"""validation/7: unknown fields."""

from labkit.review.finding import Outcome, broken
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    peer.chat(room, "hello", colour="red", __proto__={"admin": True}, constructor=None)
    event = await peer.receive("chat")
    extra = sorted({"colour", "__proto__", "constructor", "admin"} & set(event))
    return broken(f"forwarded: {', '.join(extra)}") if extra else await must_be_well(peer)


PROBE = Probe(
    id="validation/7",
    title="Unknown fields are ignored",
    severity="P1",
    profile="core",
    requirement="Unknown fields are ignored: neither refused nor forwarded.",
    expected="the event without them",
    fix="Build the event from the fields you know.",
    missing_test="Send a chat with an extra field and expect an event without it.",
    run=_run,
)
