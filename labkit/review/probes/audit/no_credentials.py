"""audit/6: credentials in the audit log."""

import asyncio

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review.judge import must_be_refusal
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

LOOKS, LOOK_S = 50, 0.05


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    wrong = "wrong-token-" + scene.unique()
    peer = await scene.connect()
    peer.send(type="auth", token=wrong)
    must_be_refusal(scene, await peer.until_ended(scene.target.patience_s))
    member = await scene.enter(room)
    member.chat(room, "stored after both")
    await member.receive("chat")
    await _written(scene, room)
    secrets = [wrong, str(member.ok.get("resume", wrong)), *scene.target.tokens]
    found = sum(scene.is_in_audit(secret) for secret in secrets)
    return (
        broken(f"the audit file contains {found} of {len(secrets)} credentials")
        if found
        else held("the audit file contains no credential")
    )


async def _written(scene: Scene, room: str) -> None:
    """Wait until the audit file contains the room, as the refused token came earlier. Raises NotSeen."""
    for _ in range(LOOKS):
        if scene.is_in_audit(room):
            return
        await asyncio.sleep(LOOK_S)
    raise NotSeen("no entry of a member of this review was seen in the audit file")


PROBE = Probe(
    id="audit/6",
    title="The audit file contains no credential",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="The audit file never contains a token.",
    expected="no refused token, no accepted token and no resume",
    fix="Record the user and the time, never the credential.",
    missing_test="Authenticate with a valid and an invalid token, and search the audit file for both.",
    run=_run,
)
