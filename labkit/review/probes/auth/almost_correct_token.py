"""auth/7: tokens that differ slightly from the right one."""

from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    if not scene.target.tokens:
        raise CannotTell("needs --token")
    right = scene.target.tokens[0]
    for name, token in {
        "with one extra character": right + "x",
        "without its last character": right[:-1],
        "with the case swapped": right.swapcase(),
        "with a leading space": " " + right,
        "with a trailing newline": right + "\n",
        "with a trailing NUL": right + "\0",
    }.items():
        scene.transcript.secrets[token] = "almost $TOKEN" if token != right else "$TOKEN"
        peer = await scene.connect()
        peer.send(type="auth", token=token)
        outcome = await must_end(scene, peer, 4403, 1008)
        if outcome.verdict == "broken" and token != right:
            return broken(f"the token {name}: {outcome.actual}")
    return held("each of 6 almost correct tokens was refused")


PROBE = Probe(
    id="auth/7",
    title="An almost correct token is refused",
    severity="P0",
    profile="core",
    requirement="A token is compared in full, byte by byte.",
    expected="close 4403 for each token",
    fix="Compare the whole token in constant time. Do not trim it or change its case.",
    missing_test="Try the right token with one extra character, one less, and with the case swapped; expect 4403.",
    run=_run,
)
