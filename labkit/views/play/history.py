"""One instant of an experiment about a room's history: what the room remembers, and where a member stopped.

The bar below has a place for each message by its number: what the room remembers, what the member has received, and
in red what it missed for good.
"""

from itertools import pairwise
from typing import NamedTuple

from labkit.bench.play.recording import BACK, CLOSED, Mark, Recording
from labkit.views.play import pipeline
from labkit.views.play.pipeline import MIDDLE
from labkit.views.play.series import nice
from labkit.views.play.shapes import Picture, line, rect, words

BANDS = (("publisher", 4, 102), ("server process", 130, 462), ("network", 612, 126))
FLOW = ((100, 144), (248, 300), (570, 612), (738, 752))
BOX = (300, 270)
BAR = (84.0, 258.0, 690.0, 32.0)


class Place(NamedTuple):
    """Where a room and a member are at a time, by message numbers from 0."""

    newest: int  # the messages published so far
    oldest: int  # the oldest one that the room remembers
    received: int  # the number after the last one that the member received
    holes: tuple[tuple[int, int], ...]  # (first, end) of what it never received, although it received later ones

    @property
    def missing(self) -> int:
        """How many messages the holes contain."""
        return sum(end - first for first, end in self.holes)

    @property
    def forgotten(self) -> int:
        """How many messages the member has not received, and the room no longer has."""
        return max(0, self.oldest - self.received)


def place(run: Recording, at: float) -> Place:
    """Return where the room and the watched member are. The room remembers `history_events` messages."""
    watched = run.plan.watched
    newest = run.last(watched, at).published
    got = sorted(number for number, when in run.received[watched].copy().items() if when <= at)
    holes = tuple((before + 1, after) for before, after in pairwise(got) if after > before + 1)
    newest = max(newest, got[-1] + 1 if got else 0)
    return Place(newest, max(0, newest - run.plan.limits.history_events), got[-1] + 1 if got else 0, holes)


def picture(run: Recording, at: float) -> Picture:
    """Return the shapes at a time. Only messages come and go."""
    here, watched = place(run, at), run.plan.watched
    return {
        **pipeline.bands(BANDS, watched),
        **{f"flow {x}": line("flow", x, MIDDLE, end, MIDDLE) for x, end in FLOW},
        **pipeline.messages(run, at),
        **pipeline.source(run, here.newest, at),
        **_remembered(run, here),
        **pipeline.network(run.network(watched, at)),
        **pipeline.client(run, at),
        **_headline(run, at, here),
        **bar(run, here, *BAR),
        **_key(watched),
    }


def most(run: Recording) -> float:
    """Return how many messages the bar and the chart have room for."""
    return nice(run.plan.rate * run.plan.seconds)


def bar(run: Recording, here: Place, x: float, y: float, width: float, height: float) -> Picture:
    """Return the bar of message numbers. Its shapes always exist, so that they can move."""
    unit = width / most(run)

    def part(css: str, first: float, end: float, top: float, high: float) -> Picture:
        return {f"bar {css}": rect(css, x + first * unit, y + top * height, (end - first) * unit, high * height)}

    end = here.received + here.forgotten
    found = {
        "bar": rect("tank", x, y, width, height, 2),
        **part("bytes", 0, here.received, 0.5, 0.5),
        **part("remembers", here.oldest, here.newest, 0, 0.5),
        **part("risk", here.received, end, 0.5, 0.5),
    }
    for number, (first, last) in enumerate(here.holes):
        found |= {f"hole {number}": part("lost", first, last, 0.5, 0.5)["bar lost"]}
    return found


def _remembered(run: Recording, here: Place) -> Picture:
    x, width = BOX
    return {
        "history": rect("box", x, MIDDLE - 40, width, 80, 6),
        "history name": words("strong", x + width / 2, MIDDLE - 14, "the room's history", "middle"),
        "history keeps": words(
            "small", x + width / 2, MIDDLE + 8, f"the last {run.plan.limits.history_events} messages", "middle"
        ),
        "history from": words("small", x + width / 2, MIDDLE + 28, f"no. {here.oldest:,} to {here.newest:,}", "middle"),
    }


def _headline(run: Recording, at: float, here: Place) -> Picture:
    marks = [mark for mark in run.marks_of(run.plan.watched, at) if mark.kind in (CLOSED, BACK)]
    return {
        "headline": words(_css(marks, here), 754, 208, marks[-1].words if marks else "", "middle"),
        "headline more": words("strong bad", 754, 229, missed(here), "middle"),
    }


def missed(here: Place) -> str:
    """Return in words what the member missed, or is going to."""
    if here.forgotten:
        return f"{here.forgotten:,} are out of reach"
    return f"{here.missing:,} never received" if here.missing else ""


def _css(marks: list[Mark], here: Place) -> str:
    if not marks:
        return "headline"
    return "headline good" if marks[-1].kind == BACK and not here.missing else "headline bad"


def _key(watched: str) -> Picture:
    x, y = BAR[0], 310
    found: Picture = {"bar name": words("small", 8, BAR[1] + 20, "messages")}
    for number, (css, text) in enumerate(
        (("remembers", "the room remembers"), ("bytes", f"{watched} has"), ("risk", "out of reach"), ("lost", "missed"))
    ):
        left = x + (0, 170, 270, 390)[number]
        found[f"key {css}"] = rect(css, left, y - 10, 18, 12)
        found[f"key {css} name"] = words("small", left + 24, y + 1, text)
    return found
