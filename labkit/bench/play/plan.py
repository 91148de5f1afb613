"""What an experiment does: its members, its message rate, its actions by time, and the limits that apply."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from labkit.bench.play.actions import SERVER, Action
from labkit.rules.limits import Limits

NAMES = ("ana", "ben", "cleo", "dan", "eve")
MOST_S = 600
OUTBOX, DISK, HISTORY = SUBJECTS = "outbox", "disk", "history"


@dataclass(frozen=True)
class Plan:
    """A plan that can be played. Make one with `plan`."""

    members: tuple[str, ...]
    speakers: tuple[str, ...]
    rate: float
    seconds: float
    actions: tuple[tuple[float, Action], ...]
    limits: Limits
    hops: tuple[str, ...] = ()
    about: str = OUTBOX  # one of SUBJECTS: what the pictures show

    @property
    def about_disk(self) -> bool:
        """Whether the pictures show what is stored."""
        return self.about == DISK

    @property
    def watched(self) -> str:
        """The member that the pictures show in detail: the first one to which something happens."""
        return next((action.member for _, action in self.actions if action.member != SERVER), self.members[1])

    def __str__(self) -> str:
        steps = "; ".join(f"at {when:g} s {action.words}" for when, action in self.actions)
        people = f"{len(self.members)} members, {self.rate:g} messages per second, {self.seconds:g} s"
        hops = f"{' and '.join(self.hops)} behind a hop" if self.hops else ""
        return "; ".join(part for part in (people, hops, steps) if part)


def plan(
    members: int,
    rate: float,
    at: Mapping[float, Action | Sequence[Action]],
    seconds: float,
    limits: Limits,
    hops: Collection[str] = (),
    *,
    about: str = OUTBOX,
) -> Plan:
    """Check an experiment. Raises ValueError, whose message says what to change.

    It is about the disk, whatever `about` says, if something happens to the server.
    """
    if about not in SUBJECTS:
        raise ValueError(f"about={about!r} is none of {', '.join(SUBJECTS)}")
    if members < 2:
        raise ValueError(f"members={members} must be at least 2: one publishes, and one receives")
    if not rate > 0:
        raise ValueError(f"rate={rate} must be above 0 messages per second")
    if not 0 < seconds <= MOST_S:
        raise ValueError(f"seconds={seconds} must be above 0 and at most {MOST_S}")
    names = tuple(NAMES[number] if number < len(NAMES) else f"member {number + 1}" for number in range(members))
    actions = _in_order(at, seconds, names)
    touched = {action.member for _, action in actions}
    speakers = _speakers([name for name in names if name not in touched], rate, limits)
    for name in hops:
        _check_member(name, names)
    about = DISK if SERVER in touched else about
    return Plan(names, speakers, rate, seconds, actions, limits, tuple(hops), about)


def _in_order(
    at: Mapping[float, Action | Sequence[Action]], seconds: float, names: tuple[str, ...]
) -> tuple[tuple[float, Action], ...]:
    actions = []
    for when, given in at.items():
        if not 0 <= when < seconds:
            raise ValueError(f"at={when} is outside of the experiment's {seconds:g} seconds; raise `seconds`")
        actions += [(when, action) for action in ([given] if isinstance(given, Action) else given)]
    for _, action in actions:
        if action.member != SERVER:
            _check_member(action.member, names)
    return tuple(sorted(actions, key=lambda step: step[0]))


def _check_member(name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise ValueError(f"{name!r} is not a member; the members are {', '.join(names)}")


def _speakers(able: list[str], rate: float, limits: Limits) -> tuple[str, ...]:
    """Return who publishes: as few members as the server's rate limit allows."""
    allowed = limits.messages_per_s
    needed = 1 if allowed is None else ceil(rate / allowed)
    if needed > len(able):
        raise ValueError(
            f"rate={rate:g} needs {needed} publishers at messages_per_s={allowed:g}, and only {len(able)} members have "
            "an undisturbed network; lower the rate, add members, or start the lab with messages_per_s=None"
            if able and allowed is not None
            else "something happens to every member, so nobody can publish; leave one of them alone"
        )
    return tuple(able[:needed])
