"""Recordings for tests, made without a network: ben's network stops at 2 s; he is closed at 7 s, and back at 10 s."""

from labkit.bench.play.actions import freeze, heal, kill_server
from labkit.bench.play.plan import plan
from labkit.bench.play.recording import AGE, BACK, CLOSED, DID, KILLED, DiskSample, Mark, Recording, Sample
from labkit.rules.limits import Limits

STOPPED, BEGAN, CLOSED_AT, BACK_AT, END = 2.0, 5.0, 7.0, 10.0, 12.0
LIMITS = Limits(messages_per_s=None, outbox_age_s=2)
KERNEL = 250_000


def slow(until: float = END, members: int = 3, *, is_over: bool = True) -> Recording:
    """Return the recording as it was at a time."""
    found = Recording(plan(members, 100, {STOPPED: freeze("ben"), 9: heal("ben")}, END, LIMITS))
    for number in range(round(until * 10) + 1):
        at = number / 10
        for name in found.plan.members:
            found.add(_of_ben(at) if name == "ben" else Sample(at, name, True, published=number * 10, delivered=number))
    found.marks += [mark for mark in MARKS if mark.at <= until]
    found.is_over = is_over
    return found


def calm(seconds: float = 4.0) -> Recording:
    """Return a recording in which nothing happens."""
    found = Recording(plan(3, 100, {}, seconds, LIMITS), is_over=True)
    for number in range(round(seconds * 10) + 1):
        for name in found.plan.members:
            found.add(Sample(number / 10, name, True, published=number * 10, delivered=number * 10))
    return found


def killed(seconds: float = 4.0) -> Recording:
    """Return a recording of a server that stores late: killed at 2 s with 50 messages in memory, back at 2.5 s."""
    found = calm(seconds)
    found.plan = plan(3, 100, {2: kill_server()}, seconds, LIMITS)
    for number in range(round(seconds * 100)):
        found.sent.append((number / 100, "ana"))
        found.received["ben"][number] = number / 100 + 0.001
        if number % 200 < 150:
            found.stored[number] = number / 100
    for number in range(round(seconds * 10) + 1):
        stored = sum(at <= number / 10 for at in found.stored.values())
        found.disk.append(DiskSample(number / 10, number * 10, number * 10, stored, max(0, number * 10 - stored)))
    found.marks += [Mark(2.0, "", KILLED, "the server is killed", code=1006), Mark(2.5, "", BACK, "everybody is back")]
    return found


MARKS = [
    Mark(STOPPED, "ben", DID, "ben's network stops", "stopped"),
    Mark(CLOSED_AT, "ben", CLOSED, "ben closed: 1013 slow", code=1013, reason="slow", limit=AGE, freed_bytes=98_000),
    Mark(9.0, "ben", DID, "ben's network works again", "well"),
    Mark(BACK_AT, "ben", BACK, "ben is back, with a gap"),
]


def _of_ben(at: float) -> Sample:
    published = round(at * 100)
    if at < STOPPED or at >= BACK_AT:
        return Sample(at, "ben", True, 0, 0.0, 600, published, published)
    waiting = max(0, round((at - BEGAN) * 50_000))
    kernel = min(KERNEL, round((at - STOPPED) * 100_000))
    if at < CLOSED_AT:
        return Sample(at, "ben", True, waiting, waiting / 50_000, kernel, published, 200)
    return Sample(at, "ben", False, 0, 0.0, kernel if at < 8 else 0, published, 200)
