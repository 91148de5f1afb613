"""secrets/4: the server's log."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    scene.log()
    wrong = "wrong-token-" + scene.room()[2:10]
    peer = await scene.connect()
    peer.send(type="auth", token=wrong)
    await peer.until_ended(scene.target.patience_s)
    member = await scene.enter(scene.room())
    await must_be_well(member)
    log = scene.log()
    secrets = {"a wrong token": wrong, "a resume": str(member.ok.get("resume", "")) or wrong}
    secrets |= {f"token {number}": token for number, token in enumerate(scene.target.tokens, 1)}
    found = [name for name, value in secrets.items() if value in log]
    return (
        broken(f"the log contains {', '.join(found)}")
        if found
        else held(f"none of {len(secrets)} credentials is in the log")
    )


PROBE = Probe(
    id="secrets/4",
    title="The log contains no credential, not even a wrong one",
    severity="P0",
    profile="full",
    requirement="Secrets never appear in a log.",
    expected="no refused token, no accepted token and no resume",
    fix="Log the user and how the connection ended, never the message with the credential.",
    missing_test="Authenticate with a right and a wrong token, and search the log for both.",
    run=_run,
)
