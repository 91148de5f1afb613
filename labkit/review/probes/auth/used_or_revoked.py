"""Credentials that must no longer work: used tickets and revoked sessions."""

from labkit.evidence import CannotTell, Outcome, broken
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _ticket_used_twice(scene: Scene) -> Outcome:
    ticket = await scene.ticket()
    await scene.enter(token=ticket)
    second = await scene.connect()
    second.send(type="auth", token=ticket)
    return await must_end(scene, second, 4403)


TICKET_USED_TWICE = Probe(
    id="auth/15",
    title="A ticket works only once",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="A ticket is single-use: a second use closes the connection with 4403.",
    expected="close 4403 on the second use",
    fix="Remember the ids of used tickets until the tickets would have expired.",
    missing_test="Authenticate twice with one ticket and expect close 4403 the second time.",
    run=_ticket_used_twice,
)


async def _revoked(scene: Scene) -> Outcome:
    if scene.target.ops_token is None:
        raise CannotTell("OPS_TOKEN must be set in the environment to the server's operations token")
    peer = await scene.enter(token=await scene.ticket())
    bearer = {"Authorization": f"Bearer {scene.target.ops_token}"}
    await scene.http("POST", f"/revoke/{peer.ok.get('userId')}", bearer)
    ended = await peer.until_ended(1)
    if ended is None or ended.code != scene.target.dialect.code(4410):
        return broken(f"the open connection: {ended or 'stays open'}")
    again = await scene.connect()
    again.send(type="auth", token=peer.ok.get("resume"))
    return await must_end(scene, again, 4410)


REVOKED = Probe(
    id="auth/20",
    title="A revoked session is closed and cannot resume",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="POST /revoke/USER closes that user's connections with 4410.",
    expected="close 4410 for the open connection, and again when it resumes",
    fix="Close the user's connections and remember the sessions as revoked.",
    missing_test="Revoke a connected user; expect 4410, and 4410 again when the client resumes.",
    run=_revoked,
    alone=True,
)
