"""Tokens that the server must refuse."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, DANGER
from labkit.review.scene import Scene


async def _wrong_token(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="auth", token="not-the-token-" + scene.unique())
    return await must_end(scene, peer, 4403)


WRONG_TOKEN = Probe(
    id="auth/6",
    title="A wrong token is refused",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="a credential is not compared in full",
    requirement="An invalid credential closes the connection with 4403.",
    expected="close 4403",
    fix="Close with 4403 when the credential does not match, and stop reading.",
    missing_test="Send auth with a wrong token and expect close 4403.",
    run=_wrong_token,
)


async def _almost_correct_token(scene: Scene) -> Outcome:
    if not scene.target.tokens:
        raise CannotTell("needs --token")
    right = scene.target.tokens[0]
    almost = {
        "with one extra character": right + "x",
        "without its last character": right[:-1],
        "with the case swapped": right.swapcase(),
        "with a trailing NUL": right + "\0",
    }
    if scene.is_strict:  # to trim what was pasted lets nobody in who does not know the token
        almost |= {"with a leading space": " " + right, "with a trailing newline": right + "\n"}
    for name, token in almost.items():
        scene.transcript.secrets[token] = "almost $TOKEN" if token != right else "$TOKEN"
        peer = await scene.connect()
        peer.send(type="auth", token=token)
        outcome = await must_end(scene, peer, 4403, 1008)
        if outcome.verdict == "broken" and token != right:
            return broken(f"the token {name}: {outcome.actual}")
    return held(f"each of {len(almost)} almost correct tokens was refused")


ALMOST_CORRECT_TOKEN = Probe(
    id="auth/7",
    title="An almost correct token is refused",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="a credential is not compared in full",
    requirement="A token is compared in full, byte by byte.",
    expected="close 4403 for each token",
    fix="Compare the whole token in constant time. Do not trim it or change its case.",
    missing_test="Try the right token with one extra character, one less, and with the case swapped; expect 4403.",
    run=_almost_correct_token,
)


TOKENS = ["null", "12345678", "true", '["dev-token"]', '{"length":9}', '"short"', '""']


async def _token_of_wrong_type(scene: Scene) -> Outcome:
    for token in TOKENS:
        peer = await scene.connect()
        peer.send_text(f'{{"type":"auth","token":{token}}}')
        outcome = await must_end(scene, peer, 1008)
        if outcome.verdict == "broken":
            return broken(f"token {token}: {outcome.actual}")
    return held(f"each of {len(TOKENS)} tokens closed the connection with 1008")


TOKEN_OF_WRONG_TYPE = Probe(
    id="auth/10",
    title="A token must be a string of at least 8 characters",
    severity="P1",
    profile="article",
    promise=ARTICLE,
    cause="a credential is not compared in full",
    requirement="auth.token is a string of at least 8 characters; anything else closes the connection with 1008.",
    expected="close 1008 for each token",
    fix="Check the type and the length of the token before you compare it.",
    missing_test="Send auth with null, a number, a list, an object and a short string as the token; expect 1008.",
    run=_token_of_wrong_type,
)


async def _connection_id_is_no_token(scene: Scene) -> Outcome:
    member = await scene.enter()
    names = [name for name in ("connectionId", "userId") if member.ok.get(name)]
    if not names:
        raise CannotTell("auth_ok contains neither a connectionId nor a userId")
    previous = {"previous": member.ok["connectionId"]} if "connectionId" in names else {}
    for name in names:
        peer = await scene.connect()
        peer.send(type="auth", token=str(member.ok[name]), **previous)
        outcome = await must_end(scene, peer, 4403)
        if outcome.verdict == "broken":
            return broken(f"{name} as a token: {outcome.actual}")
    return held(f"not accepted as a token: {', '.join(names)}")


CONNECTION_ID_IS_NO_TOKEN = Probe(
    id="auth/18",
    title="A connectionId is not accepted as a token",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="a credential is not compared in full",
    requirement="connectionId and previous only name a connection; neither is a credential.",
    expected="close 4403",
    fix="Look up a session only by its signed credential.",
    missing_test="Authenticate with a connectionId as the token and expect close 4403.",
    run=_connection_id_is_no_token,
)
