"""Describe a chart: several series of a store under one heading, in one unit.

Live and still views share this module.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan
from statistics import median
from typing import NamedTuple

from labkit.samples import Store, Window
from labkit.text.digits import digits

HOLE_S = 1.0  # as in live_panel.js


class Span(NamedTuple):
    """A range of time, in seconds since 1970."""

    since: float = 0.0
    until: float = inf


ALWAYS = Span()


@dataclass(frozen=True)
class Chart:
    """One chart. `pattern` gives the names of its series, with {} for the line's name, as in "round trip ms: {}"."""

    title: str
    unit: str
    pattern: str
    lines: tuple[str, ...]

    def series(self) -> list[str]:
        """Return the names that the chart's series have in the store."""
        return [self.pattern.format(line) for line in self.lines]


def round_trips(*members: str) -> Chart:
    """Return the chart of the members' round-trip times, which every lab measures."""
    return Chart("round trip", "ms", "round trip ms: {}", members)


def outboxes(*members: str) -> Chart:
    """Return the chart of each member's largest outbox within about the last second, which every lab measures."""
    return Chart("outbox", "bytes", "outbox bytes: {}", members)


def largest_outboxes(*members: str) -> Chart:
    """Return the chart of the largest outbox that each member has had so far, which every lab measures."""
    return Chart("largest outbox", "bytes", "largest buffer bytes: {}", members)


def ages(*members: str) -> Chart:
    """Return the chart of how long the members' connections have been open, which every lab measures."""
    return Chart("age of connection", "s", "age s: {}", members)


def latencies(*names: str) -> Chart:
    """Return the chart of the latencies that `bench.transports.compare` measures."""
    return Chart("latency", "ms", "latency ms: {}", names)


def seen(store: Store, name: str, span: Span = ALWAYS) -> Window:
    """Return the samples of a series that lie within a span."""
    times, values, added = store.window(name)
    shown = slice(bisect_left(times, span.since), bisect_right(times, span.until))
    return Window(times[shown], values[shown], added)


def with_holes(chart: Chart, window: Window) -> tuple[list[float], list[float]]:
    """Return the times and values of a line, with a NaN wherever samples are missing for a long time.

    A duration in ms is known only once a reply arrives, so a dead server leaves a gap in the line. Counts and buffer
    sizes keep their last value.
    """
    times, values = list(window.times), list(window.values)
    steps = sorted(after - before for before, after in pairwise(times))
    if chart.unit != "ms" or not steps:
        return times, values
    longest = max(HOLE_S, 3 * steps[len(steps) // 2])
    for place in reversed(range(1, len(times))):
        if times[place] - times[place - 1] > longest:
            times.insert(place, times[place - 1])
            values.insert(place, nan)
    return times, values


def summary(store: Store, charts: tuple[Chart, ...], span: Span = ALWAYS) -> str:
    """Describe the charts as text, one row per line: its median, highest and last value, and when it ended if early."""
    windows = [[seen(store, name, span) for name in chart.series()] for chart in charts]
    times = [at for row in windows for window in row for at in window.times]
    begin, end = min(times, default=0.0), max(times, default=0.0)
    return "\n".join(
        f"{chart.title} ({chart.unit}), {line}: {_in_words(window, begin, end)}"
        for chart, row in zip(charts, windows)
        for line, window in zip(chart.lines, row)
    )


def silence(store: Store, charts: tuple[Chart, ...], span: Span = ALWAYS) -> str | None:
    """Explain why the charts are empty and what to do; None if they show something."""
    names = [name for chart in charts for name in chart.series()]
    if any(seen(store, name, span).values for name in names):
        return None
    lines = ", ".join(dict.fromkeys(line for chart in charts for line in chart.lines))
    if any(store.window(name).values for name in names):
        return f"Nothing was measured here: no sample of {lines} since this cell started. Is {lines} still connected?"
    return (
        f"Nothing was measured here: this lab has no sample of {lines}. If the lab was restarted, its clients belong "
        "to the previous lab: run the cells between its start and this one again."
    )


def _in_words(window: Window, begin: float, end: float) -> str:
    if not window.values:
        return "nothing yet"
    ended = window.times[-1]
    when = f" (after {ended - begin:.1f} s of {end - begin:.1f})" if end - ended > HOLE_S else ""
    middle, highest, last = map(digits, (median(window.values), max(window.values), window.values[-1]))
    return f"median {middle}, highest {highest}, last {last}{when}"
