"""A peer that answers no ping beside one that does: what the probes about heartbeats share.

How long to wait is told by the server's own pings to the healthy one, not by a clock alone.
"""

from dataclasses import dataclass

from labkit.review import frames
from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.peer import Ended, Peer
from labkit.review.scene import Scene


@dataclass(frozen=True, slots=True)
class Mute:
    """What became of the two."""

    ended: Ended | None  # of the mute one
    healthy: Ended | None
    rounds: int  # pings that the healthy one answered
    pinged: int  # pings that the mute one was sent

    @property
    def seen(self) -> Seen:
        """The verdict for the pair."""
        told = f"the healthy one was pinged {self.rounds} times; the mute one: {self.ended or 'still connected'}"
        if self.healthy is not None:
            return broken(f"the healthy one was ended as well: {self.healthy}")
        if not self.pinged:
            return broken("no ping came, so nobody can be found dead")
        return (held if self.ended is not None else broken)(told)


def ping_interval_s(scene: Scene, peer: Peer) -> float:
    """The interval that auth_ok told, or the promised one. Raises CannotTell when pings are off."""
    told_ms = peer.ok.get("pingMs")
    if told_ms == 0:
        raise CannotTell("pings are off at this server")
    return told_ms / 1000 if isinstance(told_ms, int | float) else scene.promised.ping_interval_s


async def watch_mute(scene: Scene, *, answering: bool) -> Mute:
    """Wait until the mute peer ended, or was due to. `answering`: it sends pongs, but for no ping that there was."""
    healthy, mute = await scene.enter(), await scene.enter()
    mute.answers_pings = False
    interval_s = ping_interval_s(scene, mute)
    allowed_s = 2.5 * interval_s + scene.promised.ping_timeout_s + 1
    step_s = min(interval_s, scene.promised.ping_timeout_s) / 4
    waited_s = 0.0
    while mute.ended is None and waited_s < allowed_s:
        if answering:
            mute.frame(frames.PONG, b"not yours")
        await mute.until_ended(step_s)
        waited_s += step_s
    return Mute(mute.ended, healthy.ended, len(healthy.pings), len(mute.pings))
