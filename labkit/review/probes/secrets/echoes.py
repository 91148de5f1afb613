"""Close reasons and HTTP responses that repeat what the client sent."""

from labkit.evidence import CannotTell, NotSeen, Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded, Message, ReceiveTimeout
from labkit.review.judge import ANSWERS, must_be_refusal
from labkit.review.peer import Peer
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _reason_echoes(scene: Scene) -> Outcome:
    marker = "marker" + scene.unique()
    messages = {
        "token": {"type": "auth", "token": marker},
        "type": {"type": marker},
        "roomId": {"type": "join", "roomId": f"!{marker}"},
    }
    if scene.target.dialect.lacks_message("auth"):
        del messages["token"]
    if not scene.is_strict:  # to repeat a name is a matter of taste, a credential is not
        messages = {name: message for name, message in messages.items() if name == "token"}
    if not messages:
        raise CannotTell("needs a message with a credential, and this server has none")
    for name, message in messages.items():
        peer = await (scene.connect() if name == "token" else scene.enter())
        peer.send(**message)
        text = await _words(scene, peer)
        if marker in text:
            return broken(f"the reason repeats the {name}: {text}")
    return held("no reason repeats what was sent")


async def _words(scene: Scene, peer: Peer) -> str:
    """Return what the server says before the answer to a message that is valid, or in its close reason.

    Raises NotSeen if neither comes, or the connection ends for another reason than what was sent.
    """
    peer.send(**peer.control)
    said: list[Message] = []
    try:  # other probes check that it is refused; this one reads the text
        while (message := await peer.receive()).get("type") != ANSWERS[peer.control["type"]]:
            said.append(message)
    except ConnectionEnded as ended:
        must_be_refusal(scene, ended)
        return ended.reason
    except ReceiveTimeout as timeout:
        raise NotSeen(f"neither a close reason nor an answer was seen: {timeout}") from None
    return str([one for one in said if one.get("type") != "joined"])


REASON_ECHOES = Probe(
    id="secrets/2",
    title="A close reason never repeats what the client sent",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="reasons and errors repeat what the client sent",
    requirement="Close reasons come from a fixed list, never from user text.",
    expected="no reason contains the token, the type or the roomId",
    fix="Choose the reason from a list of constants.",
    missing_test="Send an unknown type and a wrong token; expect neither in the close reason.",
    run=_reason_echoes,
)


async def _http_echo(scene: Scene) -> Outcome:
    marker = "marker" + scene.unique()
    bare = f"/{marker}" if scene.is_strict else "/"  # a page may name a path that was not found; a query is secret
    for method, path in (("GET", bare), ("GET", f"/?token={marker}"), ("POST", f"{bare}?token={marker}")):
        response = await scene.http(method, path, {"Authorization": f"Bearer {marker}"})
        if marker.encode() in response.body:
            return broken(f"{method} {path}: HTTP {response.status}, with the marker in the response")
        if not response.status:
            raise NotSeen(f"no response to {method} {path} was seen")
    return held("no response repeats the request")


HTTP_ECHO = Probe(
    id="secrets/5",
    title="HTTP errors do not repeat the URL or the headers",
    severity="P2",
    profile="core",
    promise=DANGER,
    requirement="An error never contains a secret.",
    expected="no response contains the path, the query or the header",
    fix="Respond with constant text.",
    missing_test="Request an unknown path with a secret in the query; expect the response not to contain it.",
    run=_http_echo,
)
