"""Renewing a credential on an open connection."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene


async def _refresh(scene: Scene) -> Outcome:
    peer = await scene.enter()
    peer.send(type="refresh", token=peer.ok.get("resume"))
    ok = await peer.receive("auth_ok")
    summary = f"userId {ok.get('userId')}, expiresAt {ok.get('expiresAt')}, before {peer.ok.get('expiresAt')}"
    is_whole = all(isinstance(one.get(name), str) for one in (ok, peer.ok) for name in ("userId", "expiresAt"))
    is_right = is_whole and ok["expiresAt"] >= peer.ok["expiresAt"] and ok["userId"] == peer.ok["userId"]
    return (held if is_right else broken)(summary)


REFRESH = Probe(
    id="auth/16",
    title="An open connection can renew its credential",
    severity="P2",
    profile="full",
    promise=KIT,
    requirement="The server answers refresh with auth_ok, which has the same user and a later expiresAt.",
    expected="auth_ok with the same userId and a later expiresAt",
    fix="Check the token of refresh exactly like that of auth, and extend the session.",
    missing_test="Send refresh with resume and expect auth_ok with the same userId.",
    run=_refresh,
)


async def _refresh_as_another(scene: Scene) -> Outcome:
    victim, thief = await scene.enter(), await scene.enter()
    if victim.ok.get("userId") == thief.ok.get("userId"):
        raise CannotTell("needs two --token of different users")
    thief.send(type="refresh", token=victim.ok.get("resume"))
    return await must_end(scene, thief, 4403)


REFRESH_AS_ANOTHER = Probe(
    id="auth/17",
    title="refresh cannot change the user of a connection",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="refresh keeps the user: the credential of another user closes the connection with 4403.",
    expected="close 4403",
    fix="Compare the user of the new credential with that of the connection before you accept it.",
    missing_test="Refresh with another user's resume credential and expect close 4403.",
    run=_refresh_as_another,
)
