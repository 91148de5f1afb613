"""auth/16: refresh on an open connection."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    peer.send(type="refresh", token=peer.ok.get("resume"))
    ok = await peer.receive("auth_ok")
    summary = f"userId {ok.get('userId')}, expiresAt {ok.get('expiresAt')}, before {peer.ok.get('expiresAt')}"
    later = str(ok.get("expiresAt")) >= str(peer.ok.get("expiresAt"))
    return (held if later and ok.get("userId") == peer.ok.get("userId") else broken)(summary)


PROBE = Probe(
    id="auth/16",
    title="An open connection can renew its credential",
    severity="P2",
    profile="full",
    requirement="refresh is answered with auth_ok: the same user and a later expiresAt.",
    expected="auth_ok with the same userId and a later expiresAt",
    fix="Check the token of refresh exactly like that of auth, and extend the session.",
    missing_test="Send refresh with resume and expect auth_ok with the same userId.",
    run=_run,
)
