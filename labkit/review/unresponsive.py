"""Compare a client that ignores pings with one that answers them. The heartbeat probes share this code.

The server's own pings to the healthy client decide how long to wait, not a clock alone.
"""

from dataclasses import dataclass
from time import monotonic

from labkit.evidence import CannotTell, NotSeen, Outcome, broken, held
from labkit.review import frames
from labkit.review.endpoint import ConnectionEnded
from labkit.review.peer import Peer
from labkit.review.scene import Scene

PROXY_S = 62.0  # a proxy cuts a connection that was idle for a minute, so a useful heartbeat comes earlier


@dataclass(frozen=True, slots=True)
class UnresponsivePair:
    """How the unresponsive connection and the healthy one ended."""

    ended: ConnectionEnded | None  # of the unresponsive one
    healthy: ConnectionEnded | None
    answered: int  # pings that the healthy one answered
    pinged: int  # pings that the unresponsive one received

    @property
    def outcome(self) -> Outcome:
        """The outcome for the two connections. Raises NotSeen if the healthy one proves nothing."""
        summary = (
            f"the healthy connection was pinged {self.answered} times; "
            f"the unresponsive one: {self.ended or 'still connected'}"
        )
        if self.healthy is not None:
            return broken(f"the healthy connection ended too: {self.healthy}")
        if not self.pinged:
            return broken("no ping arrived, so the server cannot detect a dead connection")
        if self.ended is not None and not self.answered:
            raise NotSeen(f"no ping of the healthy connection was seen, so it proves nothing: {summary}")
        return (held if self.ended is not None else broken)(summary)


def ping_interval_s(scene: Scene, peer: Peer) -> float:
    """Return the ping interval in seconds: the one in auth_ok, or the promised one.

    Raises CannotTell if pings are off.
    """
    interval_ms = peer.ok.get("pingMs")
    if interval_ms == 0:
        raise CannotTell("this server sends no pings")
    return interval_ms / 1000 if isinstance(interval_ms, int | float) else scene.promised.ping_interval_s


def peer_states(peer: Peer) -> bool:
    """Return whether the server told this client how often it pings."""
    return isinstance(peer.ok.get("pingMs"), int | float)


async def watch_unresponsive(scene: Scene, *, answering: bool) -> UnresponsivePair:
    """Wait until the unresponsive client is closed or overdue.

    `answering`: it answers with pongs that match no ping. Raises NotSeen if it paused in that, so that the server may
    have missed any pong.
    """
    healthy, unresponsive = await scene.enter(), await scene.enter()
    unresponsive.answers_pings = False
    interval_s = ping_interval_s(scene, unresponsive)
    is_stated = scene.is_strict or peer_states(unresponsive) or "ping_interval_s" in scene.promised.declared
    allowed_s = 2.5 * interval_s + scene.promised.ping_timeout_s + 1
    first_s = 1.5 * interval_s + 2 if is_stated else max(1.5 * interval_s + 2, PROXY_S)
    allowed_s = max(allowed_s, first_s)
    step_s = min(interval_s, scene.promised.ping_timeout_s) / 4
    waited_s, sent_at, pause_s = 0.0, monotonic(), 0.0
    while unresponsive.ended is None and waited_s < (allowed_s if unresponsive.pings else first_s):
        if answering:
            unresponsive.send_frame(frames.PONG, b"not yours")
            sent_at = monotonic()
        await unresponsive.until_ended(step_s)
        pause_s = max(pause_s, monotonic() - sent_at)
        waited_s += step_s
    if answering and unresponsive.ended and pause_s >= scene.promised.ping_timeout_s:
        raise NotSeen(f"closed, but for {pause_s:.1f} s before no pong was sent, so which ping it missed was not seen")
    return UnresponsivePair(unresponsive.ended, healthy.ended, len(healthy.pings), len(unresponsive.pings))
