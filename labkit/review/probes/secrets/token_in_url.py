"""secrets/1: a token in the URL."""

from urllib.parse import quote

from labkit.evidence import CannotTell, NotSeen, Outcome, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    if not scene.target.tokens:
        raise CannotTell("needs --token")
    token = scene.target.tokens[0]
    quoted = quote(token, safe="")
    scene.transcript.secrets[quoted] = "$TOKEN"
    peer = await scene.dial()
    bearer = {"Authorization": f"Bearer {token}"} if scene.is_strict else {}  # a header is a safe place elsewhere
    status = await scene.handshake(peer, f"{scene.path}?token={quoted}", headers=bearer)
    if not status:
        raise NotSeen("the connection ended, and no answer to the handshake was seen")
    if status == 429 or status >= 500:
        raise NotSeen(f"HTTP {status} is the answer of a busy server: what it does with the token was not seen")
    if status != 101:
        return held(f"the handshake was refused with HTTP {status}")
    peer.control = {"type": "auth", "token": token}
    peer.send(type="join", roomId=scene.room())
    return await must_end(scene, peer, 4403)


PROBE = Probe(
    id="secrets/1",
    title="A token in the URL is not accepted",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="messages are handled before auth",
    requirement="A secret is never sent in a URL, because proxies and logs keep URLs.",
    expected="join still requires auth: close 4403",
    fix="Accept the credential only in the first message.",
    missing_test="Connect with ?token=, send join, and expect close 4403.",
    run=_run,
)
