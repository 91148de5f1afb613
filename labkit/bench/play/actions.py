"""What can happen in an experiment: `at={2: freeze("ben"), 9: heal("ben")}`, or `at={5: kill_server()}`.

An action changes the network of one member, in `labkit.faults`, or it does something to the server.
"""

from typing import NamedTuple

from labkit.faults import Fault
from labkit.faults.kinds.stall import Stall
from labkit.faults.kinds.throttle import Throttle

SERVER = ""  # in place of a member's name
KILL, FILL, FREE = "kill", "fill", "free"
STOPPED, SLOW, MUTE, WELL = "stopped", "slow", "mute", "well"


class Action(NamedTuple):
    """One action. `network` is the state that it leaves a member's network in; `does` is what it does to the server."""

    member: str
    network: str
    words: str
    down: tuple[Fault, ...] = ()
    up: tuple[Fault, ...] = ()
    does: str = ""


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


def kill_server() -> Action:
    """Kill the server and start it again at once. What it had only in memory is lost."""
    return Action(SERVER, WELL, "the server is killed", does=KILL)


def fill_disk() -> Action:
    """Let the server's audit file grow no further, as on a full disk."""
    return Action(SERVER, WELL, "the disk is full", does=FILL)


def free_disk() -> Action:
    """Let the server's audit file grow again."""
    return Action(SERVER, WELL, "the disk has space again", does=FREE)
