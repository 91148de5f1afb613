"""What can happen to a member in an experiment: `at={2: freeze("ben"), 9: heal("ben")}`.

An action changes the network of one member, in `labkit.faults`. It does nothing to the server.
"""

from typing import NamedTuple

from labkit.faults import Fault
from labkit.faults.kinds.stall import Stall
from labkit.faults.kinds.throttle import Throttle

STOPPED, SLOW, MUTE, WELL = "stopped", "slow", "mute", "well"


class Action(NamedTuple):
    """One action. `network` is the state that it leaves the network in."""

    member: str
    network: str
    words: str
    down: tuple[Fault, ...] = ()
    up: tuple[Fault, ...] = ()


def freeze(member: str) -> Action:
    """Stall a member's network, as in a tunnel: TCP stays connected, but nothing passes."""
    return Action(member, STOPPED, f"{member}'s network stops", (Stall(),), (Stall(),))


def mute(member: str) -> Action:
    """Stall one direction of a member's network: nothing from it reaches the server, but it still receives."""
    return Action(member, MUTE, f"nothing from {member} reaches the server", (), (Stall(),))


def read_at(member: str, bytes_per_s: float) -> Action:
    """Limit how fast data reaches a member. Raises ValueError."""
    if not bytes_per_s > 0:
        raise ValueError(f"bytes_per_s={bytes_per_s} must be above 0; to stop the network, use freeze({member!r})")
    slow = (Throttle(bytes_per_s=bytes_per_s),)
    return Action(member, SLOW, f"{member} reads {bytes_per_s / 1000:,g} kB/s", slow)


def heal(member: str) -> Action:
    """Remove every fault from a member's network."""
    return Action(member, WELL, f"{member}'s network works again")
