"""Charts of an experiment about the disk: what is received and in no file, and how far each place is."""

from operator import attrgetter

from labkit.bench.play.recording import KILLED, DiskSample, Recording
from labkit.views.play import series
from labkit.views.play.disk import scale
from labkit.views.play.series import nice
from labkit.views.play.shapes import Picture, line, path, rect, words

LINES = ("published", "received", "stored")


def axes(run: Recording, most: float) -> tuple[series.Axes, series.Axes]:
    """Return the axes of both charts; `most` is the top of the first."""
    seconds = run.plan.seconds
    above = series.Axes(series.TOP, series.BYTES_HIGH, seconds, most)
    below = series.TOP + series.BYTES_HIGH + series.BETWEEN
    return above, series.Axes(below, series.AGE_HIGH, seconds, nice(run.plan.rate * seconds * 1.05))


def picture(run: Recording, at: float) -> Picture:
    """Return the charts up to a time."""
    samples = [each for each in run.disk if each.at <= at]
    above, below = axes(run, scale(run))
    steps = [(mark.at, run.lost_at(mark.at)) for mark in sorted(run.marks) if mark.kind == KILLED and mark.at <= at]

    def lost(sample: DiskSample) -> int:
        return min(sample.at_risk, max((number for when, number in steps if when <= sample.at), default=0))

    return {
        **series.frame("risk", above, "received but not stored", 1),
        "area lost": path("lost", above.area(samples, lambda _: 0, lost)),
        "area risk": path("risk", above.area(samples, lost, attrgetter("at_risk"))),
        **_key(above),
        **series.frame("age", below, "messages", 1),
        **{f"line {name}": path(f"line {name}", below.line(samples, attrgetter(name))) for name in LINES},
        **_names(below),
        **series.marks(run, at, above, below),
    }


def _key(here: series.Axes) -> Picture:
    left, y = series.LEFT + 154, here.top + 5
    return {
        "key risk": rect("risk", left, y, 18, 12),
        "key risk name": words("small halo", left + 23, y + 10, "not stored so far"),
        "key lost": rect("lost", left + 170, y, 18, 12),
        "key lost name": words("small halo", left + 193, y + 10, "lost by a kill"),
    }


def _names(here: series.Axes) -> Picture:
    found: Picture = {}
    for number, name in enumerate(LINES):
        x, y = series.LEFT + 90 + 130 * number, here.top + 11
        found[f"key {name}"] = line(f"line {name}", x, y, x + 28, y)
        found[f"key {name} name"] = words("small halo", x + 34, y + 4, name)
    return found
