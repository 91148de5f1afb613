"""auth/10: a token that is no text."""

from labkit.review.finding import Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TOKENS = ["null", "12345678", "true", '["dev-token"]', '{"length":9}', '"short"', '""']


async def _run(scene: Scene) -> Seen:
    for token in TOKENS:
        peer = await scene.connect()
        peer.text(f'{{"type":"auth","token":{token}}}')
        seen = await must_end(scene, peer, 1008)
        if seen.verdict == "broken":
            return broken(f"token {token}: {seen.actual}")
    return held(f"each of {len(TOKENS)} ended with 1008")


PROBE = Probe(
    id="auth/10",
    title="A token that is no text of 8 characters is an invalid message",
    severity="P1",
    profile="core",
    requirement="auth.token is a string of at least 8 characters; anything else closes with 1008.",
    expected="close 1008 for each",
    fix="Check the type and the length of the token before it is compared.",
    missing_test="Send auth with a token that is null, a number, a list, an object and too short; expect 1008.",
    run=_run,
)
