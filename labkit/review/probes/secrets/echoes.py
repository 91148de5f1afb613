"""Close reasons and HTTP responses that repeat what the client sent."""

from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _reason_echoes(scene: Scene) -> Outcome:
    marker = "marker" + scene.unique()
    for name, message in {
        "token": {"type": "auth", "token": marker},
        "type": {"type": marker},
        "roomId": {"type": "join", "roomId": f"!{marker}"},
    }.items():
        if name == "token" and "auth" in scene.target.dialect.no_messages:
            continue
        peer = await (scene.connect() if name == "token" else scene.enter())
        peer.send(**message)
        try:  # other probes check that it is refused; this one reads the text
            text = str([one for one in await peer.received_so_far() if one.get("type") != "joined"])
        except ConnectionEnded as ended:
            text = ended.reason
        if marker in text:
            return broken(f"the reason repeats the {name}: {text}")
    return held("no reason repeats what was sent")


REASON_ECHOES = Probe(
    id="secrets/2",
    title="A close reason never repeats what the client sent",
    severity="P1",
    profile="core",
    requirement="Close reasons come from a fixed list, never from user text.",
    expected="no reason contains the token, the type or the roomId",
    fix="Choose the reason from a list of constants.",
    missing_test="Send an unknown type and a wrong token; expect neither in the close reason.",
    run=_reason_echoes,
)


async def _http_echo(scene: Scene) -> Outcome:
    marker = "marker" + scene.unique()
    for method, path in (("GET", f"/{marker}"), ("GET", f"/?token={marker}"), ("POST", f"/{marker}?token={marker}")):
        response = await scene.http(method, path, {"Authorization": f"Bearer {marker}"})
        if marker.encode() in response.body or response.status == 0:
            return broken(f"{method} {path}: HTTP {response.status}, with the marker in the response")
    return held("no response repeats the request")


HTTP_ECHO = Probe(
    id="secrets/5",
    title="HTTP errors do not repeat the URL or the headers",
    severity="P2",
    profile="core",
    requirement="An error never contains a secret.",
    expected="no response contains the path, the query or the header",
    fix="Respond with constant text.",
    missing_test="Request an unknown path with a secret in the query; expect the response not to contain it.",
    run=_http_echo,
)
