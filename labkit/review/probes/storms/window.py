"""The reconnect window that the server sends to its clients."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import KIT
from labkit.review.scene import Scene


async def _window(scene: Scene) -> Outcome:
    peer = await scene.enter()
    window = peer.ok.get("reconnect")
    value = window.get("windowMs") if isinstance(window, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        return broken(f"auth_ok contains reconnect: {window}")
    return held(f"windowMs {value}")


WINDOW = Probe(
    id="storms/1",
    title="auth_ok tells clients how far to spread their reconnects",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="auth_ok contains reconnect.windowMs: only the server knows how many clients it has.",
    expected="a number of milliseconds in auth_ok",
    fix="Compute the window from the number of connections and the accept rate, and send it in auth_ok.",
    missing_test="Authenticate and expect reconnect.windowMs in auth_ok.",
    run=_window,
)


MAX_PRESENT = 300


async def _window_grows(scene: Scene) -> Outcome:
    peer = await scene.enter()
    first = float(peer.ok.get("reconnect", {}).get("windowMs", 0))
    present = int(first * scene.promised.handshakes_per_s / 2000) + 1
    if present > MAX_PRESENT / 2:
        raise CannotTell(f"about {present} other connections are open: too many to double")
    for _ in range(present + 4):
        await scene.connect()
    await must_be_well(peer)
    if not peer.windows:
        return broken(
            f"the number of connections grew from about {present} by {present + 4}, but no reconnect was sent"
        )
    return (held if max(peer.windows) > first else broken)(f"windowMs {first:g}, then {peer.windows}")


WINDOW_GROWS = Probe(
    id="storms/2",
    title="A new window is sent when the number of connections doubles",
    severity="P2",
    profile="full",
    promise=KIT,
    requirement="The server sends reconnect {windowMs} whenever the number of connections has doubled or halved.",
    expected="reconnect with a larger windowMs",
    fix="Compare the number of connections with the number at the last update, and notify everybody.",
    missing_test="Double the number of connections and expect reconnect.",
    run=_window_grows,
    alone=True,
)
