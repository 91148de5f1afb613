"""auth/13: a modified resume credential."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    resume = str((await scene.enter()).ok.get("resume", ""))
    if len(resume) < 16:
        return broken("auth_ok has no resume credential")
    last = len(resume) - 1
    for at in (last, last - 6, len(resume) // 2, len(resume) // 2 + 3):
        forged = resume[:at] + ("A" if resume[at] != "A" else "B") + resume[at + 1 :]
        scene.transcript.secrets[forged] = "$RESUME, modified"
        peer = await scene.connect()
        peer.send(type="auth", token=forged)
        outcome = await must_end(scene, peer, 4403)
        if outcome.verdict == "broken":
            return broken(f"with character {at} of {len(resume)} changed: {outcome.actual}")
    return held("each of 4 modified credentials was refused with 4403")


PROBE = Probe(
    id="auth/13",
    title="A modified resume credential is refused",
    severity="P0",
    profile="full",
    requirement="A resume with an invalid signature closes the connection with 4403.",
    expected="close 4403 for each modified credential",
    fix="Sign the credential with a key that only the server has, and verify the signature before you parse it.",
    missing_test="Change one character of a resume credential and expect close 4403.",
    run=_run,
)
