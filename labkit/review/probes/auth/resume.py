"""Resuming a session."""

from labkit.evidence import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene


async def _resume(scene: Scene) -> Outcome:
    first = await scene.enter()
    first.drop()
    second = await scene.connect()
    second.send(type="auth", token=first.ok.get("resume"))
    ok = await second.receive("auth_ok")
    is_same = ok.get("userId") == first.ok.get("userId") is not None
    return (held if is_same else broken)(f"first {first.ok.get('userId')}, then {ok.get('userId')}")


RESUME = Probe(
    id="auth/12",
    title="A session survives its connection",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="auth_ok returns resume, which is accepted as a token and continues the session.",
    expected="auth_ok with the same userId",
    fix="Put a signed session credential into auth_ok, and accept it as auth.token.",
    missing_test="Connect, drop, authenticate with resume, and expect the same userId.",
    run=_resume,
)


async def _forged_resume(scene: Scene) -> Outcome:
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


FORGED_RESUME = Probe(
    id="auth/13",
    title="A modified resume credential is refused",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="A resume with an invalid signature closes the connection with 4403.",
    expected="close 4403 for each modified credential",
    fix="Sign the credential with a key that only the server has, and verify the signature before you parse it.",
    missing_test="Change one character of a resume credential and expect close 4403.",
    run=_forged_resume,
)


async def _newest_wins(scene: Scene) -> Outcome:
    older = await scene.enter()
    newer = await scene.connect()
    newer.send(type="auth", token=older.ok.get("resume"))
    await newer.receive("auth_ok")
    await newer.received_so_far()  # by now the server has started to close the older one
    outcome = await must_end(scene, older, 4409)
    return (held if outcome.verdict == "held" else broken)(f"the older connection: {outcome.actual}")


NEWEST_WINS = Probe(
    id="auth/14",
    title="The newest connection of a session replaces the older one",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="The newest connection of a session stays open; the older one is closed with 4409.",
    expected="close 4409 on the older connection",
    fix="Keep one connection per session; when a newer one authenticates, close the older one with 4409.",
    missing_test="Resume a session that is still connected and expect close 4409 on the older connection.",
    run=_newest_wins,
)
