"""auth/7: tokens that only look like the right one."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    if not scene.target.tokens:
        raise CannotTell("needs --token")
    right = scene.target.tokens[0]
    for name, token in {
        "with one character more": right + "x",
        "with one character less": right[:-1],
        "in other case": right.swapcase(),
        "with a space in front": " " + right,
        "with a newline behind": right + "\n",
        "with a NUL behind": right + "\0",
    }.items():
        scene.transcript.secrets[token] = "nearly $TOKEN" if token != right else "$TOKEN"
        peer = await scene.connect()
        peer.say(type="auth", token=token)
        seen = await must_end(scene, peer, 4403, 1008)
        if seen.verdict == "broken" and token != right:
            return broken(f"the token {name}: {seen.actual}")
    return held("each of 6 tokens that are nearly right was refused")


PROBE = Probe(
    id="auth/7",
    title="A token that is nearly right opens nothing",
    severity="P0",
    profile="core",
    requirement="A token is compared whole, byte by byte.",
    expected="close 4403 for each",
    fix="Compare the whole token, in constant time, without trimming it or changing its case.",
    missing_test="Try the right token with a character more, a character less and in other case; expect 4403.",
    run=_run,
)
