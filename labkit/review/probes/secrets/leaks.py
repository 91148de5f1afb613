"""Probes that look for credentials in events and in the log."""

import json

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review.judge import must_be_refusal, must_be_well, refuses_fields
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _events_without_credentials(scene: Scene) -> Outcome:
    room = scene.room()
    receiver, sender = await scene.enter(room), await scene.enter(room)
    secret = str(sender.ok.get("resume", "")) or "no resume"
    sender.chat(room, "hello", token="a-token-in-a-chat")
    if await refuses_fields(scene, sender):
        return held("the server refuses a chat message with a token in it")
    event = json.dumps(await receiver.receive_chat(room))
    for name, value in {"resume": secret, "token": "a-token-in-a-chat"}.items():
        if value in event:
            return broken(f"the event contains the sender's {name}")
    if any(token in event for token in scene.target.tokens):
        return broken("the event contains a token")
    return held("the event contains no credential")


EVENTS_WITHOUT_CREDENTIALS = Probe(
    id="secrets/3",
    title="Events contain no credential",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="events repeat fields that the client chose",
    requirement="An event contains only the fields of its type, nothing else that the sender sent.",
    expected="no token and no resume in an event",
    fix="Build the event from known fields instead of forwarding the message.",
    missing_test="Send a chat message with an extra field token, and expect an event without it.",
    run=_events_without_credentials,
)


async def _log(scene: Scene) -> Outcome:
    scene.log()
    wrong = "wrong-token-" + scene.unique()
    peer = await scene.connect()
    peer.send(type="auth", token=wrong)
    must_be_refusal(scene, await peer.until_ended(scene.target.patience_s))
    member = await scene.enter(scene.room())
    well = await must_be_well(member)
    log = scene.log()
    if well.verdict != "held" or not log:
        raise NotSeen(f"no log of a session was seen: {'the log is empty' if not log else well.actual}")
    secrets = {"a wrong token": wrong, "a resume": str(member.ok.get("resume", "")) or wrong}
    secrets |= {f"token {number}": token for number, token in enumerate(scene.target.tokens, 1)}
    found = [name for name, value in secrets.items() if value in log]
    return (
        broken(f"the log contains {', '.join(found)}")
        if found
        else held(f"none of {len(secrets)} credentials is in the log")
    )


LOG = Probe(
    id="secrets/4",
    title="The log contains no credential, not even a wrong one",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="Secrets never appear in a log.",
    expected="no refused token, no accepted token and no resume",
    fix="Log the user and how the connection ended, never the message with the credential.",
    missing_test="Authenticate with a valid and an invalid token, and search the log for both.",
    run=_log,
)
