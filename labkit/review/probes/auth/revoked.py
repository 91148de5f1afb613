"""auth/20: a revoked session."""

from labkit.review.finding import CannotTell, Outcome, broken
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    if scene.target.ops_token is None:
        raise CannotTell("needs OPS_TOKEN in the environment: the operations bearer of the server")
    peer = await scene.enter(token=await scene.ticket())
    bearer = {"Authorization": f"Bearer {scene.target.ops_token}"}
    await scene.http("POST", f"/revoke/{peer.ok.get('userId')}", bearer)
    ended = await peer.until_ended(1)
    if ended is None or ended.code != scene.target.dialect.code(4410):
        return broken(f"the open connection: {ended or 'stays open'}")
    again = await scene.connect()
    again.send(type="auth", token=peer.ok.get("resume"))
    return await must_end(scene, again, 4410)


PROBE = Probe(
    id="auth/20",
    title="A revoked session is closed and cannot resume",
    severity="P0",
    profile="full",
    requirement="POST /revoke/USER closes that user's connections with 4410.",
    expected="close 4410 for the open connection, and again when it resumes",
    fix="Close the user's connections and remember the sessions as revoked.",
    missing_test="Revoke a connected user; expect 4410, and 4410 again when the client resumes.",
    run=_run,
    alone=True,
)
