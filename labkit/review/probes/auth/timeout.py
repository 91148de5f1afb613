"""Connections that do not authenticate in time."""

from time import monotonic

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review import frames
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import must_not_be_busy
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene

UNSTATED_S = 32  # most servers that have such a timeout give a client 30 s at most


async def _never_authenticates(scene: Scene) -> Outcome:
    peer = await scene.connect()
    allowed_s = _allowed_s(scene)
    ended = await peer.until_ended(allowed_s)
    if ended is None:
        return broken(f"still connected after {allowed_s:g} s")
    return _judged(scene, ended)


def _allowed_s(scene: Scene) -> float:
    """Return how long to wait, in seconds: longer where the server has not stated its limit."""
    is_stated = scene.is_strict or "auth_timeout_s" in scene.promised.declared
    return 1.5 * scene.promised.auth_timeout_s + 2 if is_stated else UNSTATED_S


def _judged(scene: Scene, ended: ConnectionEnded) -> Outcome:
    if not scene.is_strict:
        must_not_be_busy(scene, ended)
    is_right = not scene.is_strict or ended.code == scene.target.dialect.code(4401)
    return (held if is_right else broken)(str(ended))


NEVER_AUTHENTICATES = Probe(
    id="auth/4",
    title="A connection that never authenticates is closed",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="nothing closes a connection that does not authenticate",
    requirement="Without a valid auth within the auth timeout, the connection is closed with 4401.",
    expected="close 4401 when the auth timeout expires",
    fix="Start a timer with the connection; close with 4401 if it fires before auth_ok.",
    missing_test="Connect, send nothing, and expect close 4401.",
    run=_never_authenticates,
)


async def _pings_before_auth(scene: Scene) -> Outcome:
    idle, pinging = await scene.connect(), await scene.connect()
    timeout_s = scene.promised.auth_timeout_s
    after, seen_at, pause_s = 0, monotonic(), 0.0
    turns = 30 if scene.is_strict else max(30, int(6 * _allowed_s(scene) / timeout_s))
    for _ in range(turns):
        pinging.send_frame(frames.PING, b"still here")
        pongs, is_over = len(pinging.pongs), await pinging.until_ended(timeout_s / 6)
        pause_s = max(pause_s, monotonic() - seen_at)
        if is_over and (pause_s >= timeout_s or not pinging.pongs):  # the server may not have read the pings
            raise NotSeen(f"closed, but no answer to a ping was seen for {pause_s:.1f} s before")
        if len(pinging.pongs) > pongs:
            seen_at = monotonic()
        if is_over:
            return _judged(scene, pinging.ended or ConnectionEnded(1006, ""))
        after += idle.ended is not None
        if after > 6:
            return broken(f"an idle connection was closed; this one, after {len(pinging.pongs)} pings, was not")
    return broken("neither an idle connection nor one that sends pings was closed")


PINGS_BEFORE_AUTH = Probe(
    id="auth/5",
    title="Pings do not extend the auth timeout",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="nothing closes a connection that does not authenticate",
    requirement="The auth timeout starts at the handshake, and nothing that the client sends extends it.",
    expected="close 4401 when the auth timeout expires",
    fix="Do not restart the auth timer when bytes arrive: only auth_ok stops it.",
    missing_test="Send protocol pings throughout the auth timeout and expect close 4401 all the same.",
    run=_pings_before_auth,
)


async def _tcp_without_request(scene: Scene) -> Outcome:
    idle, half = await scene.dial(), await scene.dial()
    half.send_bytes(scene.upgrade_request().encode()[:-20])
    allowed_s = 1.5 * scene.promised.auth_timeout_s + 2
    for name, peer in {"idle": idle, "with half a request": half}.items():
        if not await peer.until(lambda peer=peer: peer.is_lost, allowed_s):
            return broken(f"a TCP connection that is {name} is still open after {allowed_s:g} s")
    return held("both connections were ended")


TCP_WITHOUT_REQUEST = Probe(
    id="auth/19",
    title="An incomplete handshake times out",
    severity="P1",
    profile="full",
    promise=KIT,
    cause="nothing closes a connection that does not authenticate",
    requirement="The auth timeout covers the handshake as well.",
    expected="the server ends the connection when the auth timeout expires",
    fix="Start the timer when TCP connects, not when the handshake is complete.",
    missing_test="Open a TCP connection, send half a request, and expect the server to end it.",
    run=_tcp_without_request,
)
