"""Plain HTTP requests and WebSocket handshakes."""

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, DANGER, rfc
from labkit.review.scene import Scene


async def _origin(scene: Scene) -> Outcome:
    for origin in ("https://evil.example", "http://localhost.evil.example", "https://evil.example:443"):
        status = await scene.handshake(await scene.dial(), headers={"Origin": origin})
        if status != 403:
            return broken(f"Origin {origin}: HTTP {status}")
    return held("each of 3 foreign origins was refused with 403")


ORIGIN = Probe(
    id="protocol/13",
    title="Pages from other origins cannot connect",
    severity="P1",
    profile="full",
    promise=DANGER,
    requirement="An Origin that is not on the allow-list is refused with HTTP 403.",
    expected="HTTP 403 for each origin",
    fix="Compare the whole Origin with an allow-list before the upgrade.",
    missing_test="Connect with a foreign Origin and expect 403.",
    run=_origin,
)


async def _invalid_handshakes(scene: Scene) -> Outcome:
    for name, headers in {
        "no version": {"Sec-WebSocket-Version": ""},
        "version 7": {"Sec-WebSocket-Version": "7"},
        "an invalid key": {"Sec-WebSocket-Key": "short"},
    }.items():
        status = await scene.handshake(await scene.dial(), headers=headers)
        if status == 429:
            raise NotSeen(f"{name}: HTTP 429 is the answer of a busy server: whether it refuses that was not seen")
        if not 400 <= status < 500:
            return broken(f"{name}: HTTP {status}")
    return held("each of 3 handshakes was refused with HTTP 4xx")


INVALID_HANDSHAKES = Probe(
    id="protocol/17",
    title="Invalid handshakes are refused",
    severity="P2",
    profile="core",
    promise=rfc("4.2"),
    requirement="RFC 6455 4.2: a handshake without a valid version and key is refused.",
    expected="HTTP 400 or 426 for each handshake",
    fix="Let the WebSocket library do the handshake.",
    missing_test="Request version 7 and expect HTTP 4xx.",
    run=_invalid_handshakes,
)


async def _http(scene: Scene) -> Outcome:
    answer = await scene.http("GET", "/")
    return (held if answer.status == 200 else broken)(f"GET / was answered with HTTP {answer.status}")


HTTP = Probe(
    id="protocol/18",
    title="The port answers plain HTTP",
    severity="P2",
    profile="article",
    promise=ARTICLE,
    requirement="The server answers GET /, so a health check does not need a WebSocket.",
    expected="HTTP 200",
    fix="Answer requests without an upgrade with 200 and a line of text.",
    missing_test="Send GET / and expect 200.",
    run=_http,
)
