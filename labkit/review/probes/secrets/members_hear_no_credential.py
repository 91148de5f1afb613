"""secrets/3: what other members are told."""

import json

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    listener, speaker = await scene.enter(room), await scene.enter(room)
    secret = str(speaker.ok.get("resume", "")) or "no resume"
    speaker.chat(room, "hello", token="a-token-in-a-chat")
    said = json.dumps(await listener.hear("chat"))
    for name, value in {"resume": secret, "token": "a-token-in-a-chat"}.items():
        if value in said:
            return broken(f"the event holds the sender's {name}")
    if any(token in said for token in scene.target.tokens):
        return broken("the event holds a token")
    return held("the event holds no credential")


PROBE = Probe(
    id="secrets/3",
    title="Members are told nothing that opens anything",
    severity="P0",
    profile="core",
    requirement="An event holds the fields of its type and nothing else that the sender sent.",
    expected="no token and no resume in an event",
    fix="Build the event from the fields you know instead of passing the message on.",
    missing_test="Send a chat with an extra field token and expect an event without it.",
    run=_run,
)
