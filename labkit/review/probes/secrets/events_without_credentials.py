"""secrets/3: credentials in events."""

import json

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    receiver, sender = await scene.enter(room), await scene.enter(room)
    secret = str(sender.ok.get("resume", "")) or "no resume"
    sender.chat(room, "hello", token="a-token-in-a-chat")
    event = json.dumps(await receiver.receive("chat"))
    for name, value in {"resume": secret, "token": "a-token-in-a-chat"}.items():
        if value in event:
            return broken(f"the event contains the sender's {name}")
    if any(token in event for token in scene.target.tokens):
        return broken("the event contains a token")
    return held("the event contains no credential")


PROBE = Probe(
    id="secrets/3",
    title="Events contain no credential",
    severity="P0",
    profile="core",
    requirement="An event contains only the fields of its type, nothing else that the sender sent.",
    expected="no token and no resume in an event",
    fix="Build the event from known fields instead of forwarding the message.",
    missing_test="Send a chat with an extra field token, and expect an event without it.",
    run=_run,
)
