"""auth/10: tokens of the wrong type or length."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TOKENS = ["null", "12345678", "true", '["dev-token"]', '{"length":9}', '"short"', '""']


async def _run(scene: Scene) -> Outcome:
    for token in TOKENS:
        peer = await scene.connect()
        peer.send_text(f'{{"type":"auth","token":{token}}}')
        outcome = await must_end(scene, peer, 1008)
        if outcome.verdict == "broken":
            return broken(f"token {token}: {outcome.actual}")
    return held(f"each of {len(TOKENS)} tokens closed the connection with 1008")


PROBE = Probe(
    id="auth/10",
    title="A token must be a string of at least 8 characters",
    severity="P1",
    profile="core",
    requirement="auth.token is a string of at least 8 characters; anything else closes the connection with 1008.",
    expected="close 1008 for each token",
    fix="Check the type and the length of the token before you compare it.",
    missing_test="Send auth with null, a number, a list, an object and a short string as the token; expect 1008.",
    run=_run,
)
