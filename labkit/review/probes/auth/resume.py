"""auth/12: resuming a session on a new connection."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    first = await scene.enter()
    first.drop()
    second = await scene.connect()
    second.send(type="auth", token=first.ok.get("resume"))
    ok = await second.receive("auth_ok")
    is_same = ok.get("userId") == first.ok.get("userId")
    return (held if is_same else broken)(f"first {first.ok.get('userId')}, then {ok.get('userId')}")


PROBE = Probe(
    id="auth/12",
    title="A session survives its connection",
    severity="P1",
    profile="full",
    requirement="auth_ok returns resume, which is accepted as a token and continues the session.",
    expected="auth_ok with the same userId",
    fix="Put a signed session credential into auth_ok, and accept it as auth.token.",
    missing_test="Connect, drop, authenticate with resume, and expect the same userId.",
    run=_run,
)
