"""auth/12: the resume credential."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    first = await scene.enter()
    first.drop()
    second = await scene.connect()
    second.say(type="auth", token=first.ok.get("resume"))
    ok = await second.hear("auth_ok")
    is_same = ok.get("userId") == first.ok.get("userId")
    return (held if is_same else broken)(f"first {first.ok.get('userId')}, then {ok.get('userId')}")


PROBE = Probe(
    id="auth/12",
    title="A session survives its connection",
    severity="P1",
    profile="full",
    requirement="auth_ok returns resume, which is accepted as a token and continues the session.",
    expected="auth_ok with the same userId",
    fix="Give a signed credential of the session in auth_ok, and take it as auth.token.",
    missing_test="Connect, drop, authenticate with resume, and expect the same userId.",
    run=_run,
)
