"""The chart of an experiment about a room's history: message numbers over time.

The band is what the room remembers, the line is where the member is. Where the line leaves the band below, messages are
out of reach; a red bar at its return is what it never received.
"""

from labkit.bench.play.recording import BACK, Recording, Sample
from labkit.views.play import series
from labkit.views.play.history import most, place
from labkit.views.play.shapes import Picture, line, path, rect, words

HIGH = series.BYTES_HIGH + series.BETWEEN + series.AGE_HIGH


def picture(run: Recording, at: float) -> Picture:
    """Return the chart up to a time."""
    here = series.Axes(series.TOP, HIGH, run.plan.seconds, most(run))
    samples = [each for each in run.samples[run.plan.watched] if each.at <= at]
    keeps, last = run.plan.limits.history_events, _positions(run, samples)
    return {
        **series.frame("age", here, "message number", 1),
        "area remembers": path(
            "remembers",
            here.area(samples, lambda each: max(0, each.published - keeps), lambda each: each.published),
        ),
        "line received": path("line received", here.line(samples, lambda each: last[each.at])),
        **_holes(run, at, here),
        **_key(here, run.plan.watched),
        **series.marks(run, at, here, here),
    }


def _positions(run: Recording, samples: list[Sample]) -> dict[float, int]:
    """Return by the time of a sample the number after the last message that the member had received."""
    arrived = sorted((when, number) for number, when in run.received[run.plan.watched].copy().items())
    found: dict[float, int] = {}
    at = last = 0
    for sample in samples:
        while at < len(arrived) and arrived[at][0] <= sample.at:
            last = max(last, arrived[at][1] + 1)
            at += 1
        found[sample.at] = last
    return found


def _holes(run: Recording, at: float, here: series.Axes) -> Picture:
    """Return a red bar for each hole, at the return after which it was there."""
    found: Picture = {}
    backs = [mark.at for mark in sorted(run.marks) if mark.kind == BACK and mark.member == run.plan.watched]
    for number, (first, end) in enumerate(place(run, at).holes):
        when = run.received[run.plan.watched][end]
        x = here.x(max([each for each in backs if each <= when + 0.1], default=when))
        found[f"hole {number}"] = rect("lost", x - 5, here.y(end), 10, here.y(first) - here.y(end))
        found[f"hole name {number}"] = words(
            "headline bad halo", x - 12, (here.y(first) + here.y(end)) / 2 + 6, f"{end - first:,} missed", "end"
        )
    return found


def _key(here: series.Axes, watched: str) -> Picture:
    x, y = series.LEFT + 150, here.top + 11
    return {
        "key remembers": rect("remembers", x, y - 6, 18, 12),
        "key remembers name": words("small halo", x + 24, y + 4, "the room remembers"),
        "key line": line("line received", x + 170, y, x + 198, y),
        "key line name": words("small halo", x + 204, y + 4, f"{watched} has received"),
    }
