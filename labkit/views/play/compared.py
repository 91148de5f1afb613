"""Two recordings on the same axes: `before` dashed, `after` solid."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from labkit.bench.play.recording import Comparison
from labkit.views.play import disk_series, series
from labkit.views.play.disk import scale
from labkit.views.play.shapes import WIDTH, Picture, line, path, words

DISK = attrgetter("at_risk"), attrgetter("stored")


def picture(both: Comparison) -> Picture:
    """Return the shapes of the charts: about the disk if both recordings are."""
    if both.before.plan.about_disk and both.after.plan.about_disk:
        above, below = disk_series.axes(max(both, key=lambda run: run.plan.seconds), max(map(scale, both)))
        found = {
            **series.frame("bytes", above, "received but not stored", 1),
            **series.frame("age", below, "messages stored", 1),
        }
        return found | _lines(both, [run.disk for run in both], above, below, *DISK)
    rows = [run.samples[run.plan.watched] for run in both]
    above, below = series.axes(list(both), [each for row in rows for each in row])
    found = {
        **series.frame("bytes", above, "outbox and kernel, kB", 1000),
        **series.frame("age", below, "oldest, s", 1),
    }
    for name, limit in _age_limits(both):
        found |= series.limit_line(f"age {name}", below, limit, f"age limit {limit:g} s{name}")
    return found | _lines(both, rows, above, below, series.total, series.age)


def _lines(
    both: Comparison,
    rows: Sequence[Sequence[Any]],
    above: series.Axes,
    below: series.Axes,
    high: series.Value,
    low: series.Value,
) -> Picture:
    """Return the lines of both recordings, with what they are and when their members were closed."""
    found: Picture = {}
    for number, (name, run, samples) in enumerate(zip(both._fields, both, rows)):
        found[f"bytes {name}"] = path(f"line {name}", above.line(samples, high))
        found[f"age {name}"] = path(f"line {name}", below.line(samples, low))
        y = 12 + 18 * number
        found[f"key {name}"] = line(f"line {name}", series.LEFT, y, series.LEFT + 30, y)
        found[f"plan {name}"] = words("small", series.LEFT + 38, y + 4, f"{name}: {run.plan}")
        found |= _closes(both, number, above, below)
    return found


def _age_limits(both: Comparison) -> list[tuple[str, float]]:
    """Return the age limits with whose they are; a limit that both share has no name."""
    before, after = (run.plan.limits.outbox_age_s for run in both)
    if before == after:
        return [("", before)] if before else []
    return [(name, limit) for name, limit in ((" before", before), (" after", after)) if limit]


def _closes(both: Comparison, number: int, above: series.Axes, below: series.Axes) -> Picture:
    found: Picture = {}
    for place, mark in enumerate(both[number].closes):
        x, y = above.x(mark.at), above.top + 16 + 18 * number
        found[f"close {number} {place}"] = line("mark bad", x, above.top, x, below.top + below.height)
        label = f"{both._fields[number]}: {mark.words}"
        is_late = x > WIDTH - 7 * len(label)
        found[f"close name {number} {place}"] = words(
            "small strong bad halo", x - 5 if is_late else x + 5, y, label, "end" if is_late else "start"
        )
    return found
