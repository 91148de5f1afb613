"""Decide which probes run, in which order, and about how long that takes: a review should fit into a build."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labkit.review.dialect import Dialect
from labkit.review.probe import Probe
from labkit.review.promised_limits import Promised
from labkit.review.scene import ONE_ROOM

SHORT_S, ALONE_S = 0.3, 0.4
LONG_AGE_S = 3.0
LONG_S = 5.0  # a probe that waits longer runs beside those of the slow chapter
AT_ONCE = 8
SHARE = 0.6  # of a budget, for any one probe that only waits
_ESTIMATES: dict[str, Callable[[Promised], float]] = {
    **dict.fromkeys(("auth/4", "auth/5", "auth/19"), lambda limits: 1.2 * limits.auth_timeout_s),
    "heartbeat/1": lambda limits: limits.ping_interval_s,
    "heartbeat/5": lambda limits: 1.2 * limits.ping_interval_s,
    **dict.fromkeys(
        ("heartbeat/2", "heartbeat/3", "heartbeat/4", "heartbeat/8"),
        lambda limits: 1.5 * limits.ping_interval_s + limits.ping_timeout_s,
    ),
    **dict.fromkeys(("slow/1", "slow/3"), lambda limits: 5 + limits.outbox_age_s + limits.close_deadline_s),
    "slow/2": lambda _: 3.0,
    "slow/4": lambda _: 5.0,
    "slow/5": lambda _: 6.0,
    "slow/6": lambda limits: 2 * (5 + limits.outbox_age_s + limits.close_deadline_s),
    "storms/3": lambda _: 3.0,
    "protocol/3": lambda _: 3.0,
}
_NEEDS = {  # chapters and probes that make no sense without a message
    "auth": ("auth", "secrets/1"),
    "join": ("auth/1", "rooms/2", "rooms/3", "rooms/7", "rooms/9", "rooms/13", "validation/4"),
    "leave": ("rooms/3",),
    "presence": ("rooms/19", "heartbeat/8"),
}
_TWO_ROOMS = (  # probes that compare rooms, or judge their names
    *("rooms/1", "rooms/2", "rooms/6", "rooms/9", "rooms/10", "rooms/11", "rooms/12", "rooms/13"),
    *("validation/4", "audit/3", "audit/4"),
)


def estimate_s(probe: Probe, promised: Promised) -> float:
    """Return about how long a probe takes on a server that keeps these limits, in seconds."""
    known = _ESTIMATES.get(probe.id)
    return known(promised) if known else ALONE_S if probe.alone else SHORT_S


def missing_premise(probe: Probe, dialect: Dialect) -> str:
    """Return why a probe makes no sense for a server, or ""."""
    if dialect.has_one_room and probe.id in _TWO_ROOMS:
        return ONE_ROOM
    if probe.id == "rooms/2" and "chat" in dialect.roomless:
        return "does not apply: the server's chats name no room"
    for message, names in _NEEDS.items():
        if dialect.lacks_message(message) and (probe.id in names or probe.chapter in names):
            return f"does not apply: the server has no {message} message"
    return ""


def at_once(dialect: Dialect) -> int:
    """Return how many probes may run at the same time: one if they would meet in the same room."""
    return AT_ONCE if dialect.has_rooms_of_its_own else 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The probes of a review in the order in which they run, and those that a budget leaves out, with the reason."""

    together: tuple[Probe, ...]  # several at once
    alone: tuple[Probe, ...]  # one at a time
    waiting: tuple[Probe, ...]  # several at once, beside `quiet`
    quiet: tuple[Probe, ...]  # one at a time: they disturb nobody who only waits
    left_out: dict[str, str]
    at_once: int = AT_ONCE  # of `together`

    def estimate_s(self, promised: Promised) -> float:
        """Return about how long all of it takes, in seconds."""
        sums = [sum(estimate_s(one, promised) for one in group) for group in (self.together, self.alone, self.quiet)]
        together_s, waiting_s = (
            max((estimate_s(one, promised) for one in group), default=0) for group in (self.together, self.waiting)
        )
        return 1 + max(sums[0] / self.at_once, together_s) + sums[1] + max(waiting_s, sums[2] / min(2, self.at_once))


def plan(probes: Iterable[Probe], promised: Promised, dialect: Dialect, budget_s: float | None = None) -> Plan:
    """Plan a review. With a budget, the most severe probes come first."""
    left_out, kept = {}, []
    for probe in probes:
        reason = ""
        needed_s = estimate_s(probe, promised)
        if budget_s is not None and needed_s > SHARE * budget_s:
            reason = f"left out: needs about {needed_s:.0f} s, too much for a budget of {budget_s:g} s"
        if reason:
            left_out[probe.id] = reason
        else:
            kept.append(probe)
    if budget_s is not None:
        kept.sort(key=lambda probe: (probe.severity, estimate_s(probe, promised)))
    is_long = {probe.id: not probe.alone and estimate_s(probe, promised) > LONG_S for probe in kept}
    together = tuple(probe for probe in kept if not probe.alone and not is_long[probe.id])
    waiting = tuple(probe for probe in kept if is_long[probe.id])
    quiet = tuple(
        probe for probe in kept if probe.alone and probe.chapter == "slow" and promised.outbox_age_s >= LONG_AGE_S
    )
    alone = tuple(probe for probe in kept if probe.alone and probe not in quiet)
    return Plan(together, alone, waiting, quiet, left_out, at_once(dialect))
