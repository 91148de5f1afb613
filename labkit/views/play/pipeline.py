"""One instant of an experiment: from the publisher through the room and the outbox to the client."""

from math import floor

from labkit.bench.play.actions import MUTE, SLOW, STOPPED, WELL
from labkit.bench.play.recording import BACK, CLOSED, Mark, Recording
from labkit.views.play.shapes import Picture, dot, line, rect, shares, size, words
from labkit.views.play.tanks import LIMIT, kernel, outbox

HEIGHT = 330
MIDDLE = 134
DOT_EVERY_S, DOT_SPEED = 0.25, 240
SLOWER = 4  # on a slow network, one dot in so many
FROM_PUBLISHER, TO_OUTBOX, FROM_KERNEL, TO_CLIENT = 98, 290, 600, 744
FLOW = ((100, 144), (248, 290), (458, 500), (594, 612), (738, 752))  # between the parts
ROOM = (144, 248)  # a message is hidden while it is in the room
MOST_OTHERS = 10
BANDS = (("publisher", 4, 102), ("server process", 130, 344), ("its kernel", 490, 114), ("network", 612, 126))


def picture(run: Recording, at: float) -> Picture:
    """Return the shapes at a time. Only messages and headlines come and go, so that everything else can move."""
    watched = run.plan.watched
    sample = run.last(watched, at)
    return {
        **bands(BANDS, watched),
        **{f"flow {x}": line("flow", x, MIDDLE, end, MIDDLE) for x, end in FLOW},
        **messages(run, at),
        **source(run, sample.published, at),
        "outbox name": words("strong", 374, 38, f"{watched}'s outbox: bytes, age", "middle"),
        "kernel name": words("strong", 547, 38, "send buffer", "middle"),
        **outbox(run, sample, TO_OUTBOX, 44, 168, 174),
        **kernel(run, sample, 500, 44, 94, 174),
        **network(run.network(watched, at)),
        **client(run, at),
        **_headline(run, at),
        **_others(run, at),
    }


def bands(parts: tuple[tuple[str, float, float], ...], watched: str) -> Picture:
    """Return the parts of the way, each with its name, and the watched member's client at the end."""
    found: Picture = {}
    for name, x, width in (*parts, (f"{watched}'s client", 746, 150)):
        found[f"band {x}"] = rect("band", x, 22, width, 222, 6)
        found[f"band name {x}"] = words("small", x + width / 2, 15, name, "middle")
    return found


def source(run: Recording, published: int, at: float) -> Picture:
    """Return the publisher, the room and the clock."""
    speakers = run.plan.speakers
    name = speakers[0] if len(speakers) == 1 else f"{len(speakers)} members"
    return {
        "clock": words("clock", 892, 312, f"{at:.1f} s", "end"),
        "publisher": rect("box", 10, MIDDLE - 26, 90, 52, 6),
        "publisher name": words("strong", 55, MIDDLE - 5, name, "middle"),
        "rate": words("small", 55, MIDDLE + 14, f"{run.plan.rate:g}/s", "middle"),
        "room": rect("box", 144, MIDDLE - 26, 104, 52, 6),
        "room name": words("strong", 196, MIDDLE - 5, "room", "middle"),
        "published": words("small", 196, MIDDLE + 14, f"{published:,} sent", "middle"),
    }


def network(state: str) -> Picture:
    """Return the network between the server and the watched member's client."""
    word = {STOPPED: "\u2715 stopped", SLOW: "slow", MUTE: "\u2715 one way", WELL: ""}[state]
    return {
        "pipe": rect(f"pipe {state}", 612, MIDDLE - 10, 126, 20, 4),
        "pipe state": words("strong bad" if state == STOPPED else "strong", 675, MIDDLE + 32, word, "middle"),
    }


def client(run: Recording, at: float) -> Picture:
    """Return the watched member's client, which turns when it is closed."""
    watched = run.plan.watched
    ending, sample = run.ending(watched, at), run.last(watched, at)
    is_closed = ending is not None and ending.kind == CLOSED
    state = f"closed {ending.code} {ending.reason}".rstrip() if ending is not None and is_closed else "connected"
    return {
        "client": rect("box closed" if is_closed else "box", 752, MIDDLE - 34, 138, 68, 6),
        "client name": words("strong inverse" if is_closed else "strong", 821, MIDDLE - 14, watched, "middle"),
        "client state": words("tag inverse" if is_closed else "small", 821, MIDDLE + 5, state, "middle"),
        "client got": words(
            "small inverse" if is_closed else "small", 821, MIDDLE + 23, f"{sample.delivered:,} received", "middle"
        ),
    }


def _headline(run: Recording, at: float) -> Picture:
    marks = run.marks_of(run.plan.watched, at)
    if not marks:
        return {}
    first, second = headline(marks[-1])
    css = {CLOSED: "headline bad", BACK: "headline good"}.get(marks[-1].kind, "headline")
    return {
        "headline": words(css, 754, 208, first, "middle"),
        "headline more": words("strong", 754, 229, second, "middle"),
    }


def headline(mark: Mark) -> tuple[str, str]:
    """Return a mark's words, and what it meant."""
    if not mark.limit:
        return mark.words, ""
    return mark.words, f"{mark.limit} reached; {size(mark.freed_bytes)} freed"


def messages(run: Recording, at: float) -> Picture:
    """Return the messages under way. A dot that leaves the kernel shows that messages arrive; a stop stops it too."""
    found: Picture = {}
    for number in range(max(0, floor((at - 1) / DOT_EVERY_S)), floor(at / DOT_EVERY_S) + 1):
        born = number * DOT_EVERY_S
        x = FROM_PUBLISHER + (at - born) * DOT_SPEED
        if x < ROOM[0] or ROOM[1] < x < TO_OUTBOX:
            found[f"in {number}"] = dot("message", x, MIDDLE)
    for number in _leaving(run, at):
        stop = _stopped_since(run, at)
        x = FROM_KERNEL + (min(at, stop) - number * DOT_EVERY_S) * DOT_SPEED
        if x < TO_CLIENT:
            found[f"out {number}"] = dot("message", x, MIDDLE)
    return found


def _leaving(run: Recording, at: float) -> list[int]:
    """Return the dots that have left the kernel in the second before the network stopped, or before now."""
    watched, until = run.plan.watched, min(at, _stopped_since(run, at))
    numbers = range(max(0, floor((until - 1) / DOT_EVERY_S)), floor(until / DOT_EVERY_S) + 1)
    return [
        number
        for number in numbers
        if run.last(watched, at).is_connected
        and run.network(watched, number * DOT_EVERY_S) != STOPPED
        and (run.network(watched, number * DOT_EVERY_S) != SLOW or number % SLOWER == 0)
    ]


def _stopped_since(run: Recording, at: float) -> float:
    watched = run.plan.watched
    if run.network(watched, at) != STOPPED:
        return at
    return next(mark.at for mark in reversed(run.marks_of(watched, at)) if mark.network == STOPPED)


def _others(run: Recording, at: float) -> Picture:
    others = [name for name in run.plan.members if name != run.plan.watched]
    shown = others[:MOST_OTHERS]
    found = {"others": words("small", 8, 268, _title(len(others), len(shown)))}
    for number, name in enumerate(shown):
        for key, shape in _small(run, name, at, 8 + number * 74).items():
            found[f"{key} {number}"] = shape
    return found


def _title(others: int, shown: int) -> str:
    more = f", {shown} of {others} shown" if shown < others else ""
    return f"the other members' outboxes, as a share of their limit{more}"


def _small(run: Recording, name: str, at: float, x: float) -> Picture:
    """Return one of the other members: a small tank, filled to the share of the nearer limit."""
    sample = run.last(name, at)
    ending = run.ending(name, at)
    is_closed = ending is not None and ending.kind == CLOSED
    filled = min(40.0, 40 * LIMIT * max(shares(run, sample)))
    state = f"{ending.code}" if ending is not None and is_closed else f"{max(shares(run, sample)):.0%}"
    return {
        "other": rect("tank closed" if is_closed else "tank", x, 280, 14, 40, 2),
        "other level": rect("bytes", x, 320 - filled, 14, filled),
        "other limit": line("limit", x - 2, 320 - 40 * LIMIT, x + 16, 320 - 40 * LIMIT),
        "other name": words("small", x + 21, 297, name.replace("member ", "no. ")),
        "other state": words("small bad" if is_closed else "small", x + 21, 314, state),
    }
