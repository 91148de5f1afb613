"""auth/16: refresh on a live connection."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    peer.say(type="refresh", token=peer.ok.get("resume"))
    ok = await peer.hear("auth_ok")
    told = f"userId {ok.get('userId')}, expiresAt {ok.get('expiresAt')}, was {peer.ok.get('expiresAt')}"
    later = str(ok.get("expiresAt")) >= str(peer.ok.get("expiresAt"))
    return (held if later and ok.get("userId") == peer.ok.get("userId") else broken)(told)


PROBE = Probe(
    id="auth/16",
    title="A live connection can renew its credential",
    severity="P2",
    profile="full",
    requirement="refresh is answered with auth_ok: same user, later expiresAt.",
    expected="auth_ok with the same userId and a later expiresAt",
    fix="Check the token of refresh as that of auth, and move the expiry of the session.",
    missing_test="Send refresh with resume and expect auth_ok with the same userId.",
    run=_run,
)
