"""auth/13: a resume credential that was changed."""

from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    resume = str((await scene.enter()).ok.get("resume", ""))
    if len(resume) < 16:
        return broken("auth_ok gave no resume credential")
    last = len(resume) - 1
    for at in (last, last - 6, len(resume) // 2, len(resume) // 2 + 3):
        forged = resume[:at] + ("A" if resume[at] != "A" else "B") + resume[at + 1 :]
        scene.transcript.secrets[forged] = "$RESUME, changed"
        peer = await scene.connect()
        peer.say(type="auth", token=forged)
        seen = await must_end(scene, peer, 4403)
        if seen.verdict == "broken":
            return broken(f"with character {at} of {len(resume)} changed: {seen.actual}")
    return held("each of 4 changed credentials was refused with 4403")


PROBE = Probe(
    id="auth/13",
    title="A changed resume credential opens nothing",
    severity="P0",
    profile="full",
    requirement="A resume with a wrong signature closes with 4403.",
    expected="close 4403 for each",
    fix="Sign the credential with a key that only the server has, and check the signature before reading it.",
    missing_test="Change one character of a resume credential and expect close 4403.",
    run=_run,
)
