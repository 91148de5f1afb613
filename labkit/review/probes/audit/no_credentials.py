"""audit/6: credentials in the audit file."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    wrong = "wrong-token-" + room[7:17]
    peer = await scene.connect()
    peer.say(type="auth", token=wrong)
    await peer.until_ended(scene.target.patience_s)
    member = await scene.enter(room)
    member.chat(room, "stored behind them")
    await member.hear("chat")
    secrets = [wrong, str(member.ok.get("resume", wrong)), *scene.target.tokens]
    found = sum(scene.is_in_audit(secret) for secret in secrets)
    return broken(f"{found} of {len(secrets)} credentials are in the file") if found else held("none is in the file")


PROBE = Probe(
    id="audit/6",
    title="The audit file holds no credential",
    severity="P0",
    profile="full",
    requirement="Tokens never go to the audit file.",
    expected="neither a refused token, nor an accepted one, nor a resume",
    fix="Write down who and when, never with what.",
    missing_test="Authenticate with a right and a wrong token and search the audit file for both.",
    run=_run,
)
