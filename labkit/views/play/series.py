"""Charts of one member on the experiment's clock: the bytes that wait, and the age of the oldest message."""

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Any, NamedTuple

from labkit.bench.play.recording import BACK, CLOSED, KILLED, Recording, Sample
from labkit.text.digits import digits
from labkit.views.play.shapes import WIDTH, Picture, line, path, rect, size, words

LEFT, RIGHT = 64.0, 14.0
TOP = 80.0  # room for four rows of marks
BYTES_HIGH, AGE_HIGH, BETWEEN, FOOT = 128.0, 76.0, 26.0, 36.0
HEIGHT = TOP + BYTES_HIGH + BETWEEN + AGE_HIGH + FOOT
LETTER = 7.8
ROWS = 4
Value = Callable[[Any], float]  # of a sample, of any kind that has a time `at`


class Axes(NamedTuple):
    """Where a chart is, and what it shows: `seconds` from left to right, 0 to `most` upwards."""

    top: float
    height: float
    seconds: float
    most: float

    def x(self, at: float) -> float:
        """Return the place of a time."""
        return LEFT + min(1.0, at / self.seconds) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the place of a value."""
        return self.top + self.height * (1 - min(1.0, value / self.most))

    def line(self, samples: Sequence[Any], value: Value) -> str:
        """Return a line as the data of a path."""
        places = [f"{self.x(each.at):.0f} {self.y(value(each)):.1f}" for each in samples]
        return "M" + "L".join(places) if places else ""

    def area(self, samples: Sequence[Any], low: Value, high: Value) -> str:
        """Return the area between two lines as the data of a path."""
        if not samples:
            return ""
        back = "L".join(f"{self.x(each.at):.0f} {self.y(low(each)):.1f}" for each in reversed(samples))
        return f"{self.line(samples, high)}L{back}Z"


def held(sample: Sample) -> float:
    """Return the outbox, which a close frees."""
    return sample.outbox_bytes if sample.is_connected else 0


def total(sample: Sample) -> float:
    """Return the outbox and the kernel's buffer together."""
    return held(sample) + (sample.kernel_bytes or 0)


def age(sample: Sample) -> float:
    """Return the age of the oldest message in the outbox."""
    return sample.outbox_age_s if sample.is_connected else 0.0


def picture(run: Recording, at: float) -> Picture:
    """Return the charts up to a time."""
    samples = [each for each in run.samples[run.plan.watched] if each.at <= at]
    touched = {action.member for _, action in run.plan.actions}
    above, below = axes([run], [each for name in touched for each in run.samples[name] if each.at <= at] or samples)
    limit = run.plan.limits.outbox_age_s
    return {
        **frame("bytes", above, "waiting, kB, stacked", 1000),
        "area kernel": path("kernel", above.area(samples, held, total)),
        "area outbox": path("bytes", above.area(samples, lambda _: 0, held)),
        **_others(run, at, above),
        **frame("age", below, "oldest message, s", 1),
        "area age": path("age", below.area(samples, lambda _: 0, age)),
        **(limit_line("age", below, limit, f"age limit {limit:g} s") if limit else {}),
        **_byte_limit(above, run),
        **marks(run, at, above, below),
        **_legend(above, run),
    }


def _others(run: Recording, at: float, here: Axes) -> Picture:
    """Return a dashed line for each other member to whom something happens: its outbox and kernel together."""
    found: Picture = {}
    for name in dict.fromkeys(action.member for _, action in run.plan.actions if action.member != run.plan.watched):
        samples = [each for each in run.samples[name] if each.at <= at]
        found[f"other {name}"] = path("line before", here.line(samples, total))
        if samples:
            highest = max(samples, key=total)
            y = max(here.top + 30, here.y(total(highest)) - 5)
            found[f"other name {name}"] = words("small halo", max(LEFT + 60, here.x(highest.at) - 6), y, name, "end")
    return found


def axes(runs: Sequence[Recording], samples: Sequence[Sample]) -> tuple[Axes, Axes]:
    """Return the axes of both charts. They grow in steps, so that a live picture seldom rescales."""
    seconds = max(run.plan.seconds for run in runs)
    most = nice(max([100_000.0, *(total(each) for each in samples)]) * 1.1)
    limit = max((run.plan.limits.outbox_age_s or 0.0) for run in runs)
    oldest = nice(max([limit * 1.3, 0.5, *(age(each) for each in samples)]))
    return Axes(TOP, BYTES_HIGH, seconds, most), Axes(TOP + BYTES_HIGH + BETWEEN, AGE_HIGH, seconds, oldest)


def nice(value: float) -> float:
    """Return the next number of the form 1, 1.5, 2, 3, 5 or 8 times a power of ten."""
    power: float = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 8, 10) if step * power >= value * 0.999)


def frame(name: str, here: Axes, title: str, unit: float) -> Picture:
    """Return a chart's background, its axes with units, and its grid."""
    found = {f"{name} plot": rect("plot", LEFT, here.top, WIDTH - LEFT - RIGHT, here.height)}
    for number in range(3):
        value = here.most * number / 2
        found[f"{name} grid {number}"] = line("grid", LEFT, here.y(value), WIDTH - RIGHT, here.y(value))
        found[f"{name} y {number}"] = words("small", LEFT - 8, here.y(value) + 4, digits(value / unit), "end")
    found[f"{name} title"] = words("small strong halo", LEFT + 6, here.top + 15, title)
    step = max(1, ceil(here.seconds / 12))
    for second in range(0, floor(here.seconds) + 1, step) if name == "age" else ():
        label = "0 s" if second == 0 else f"{second}"
        found[f"x {second}"] = words("small", here.x(second), here.top + here.height + 17, label, "middle")
    return found


def limit_line(name: str, here: Axes, value: float, label: str) -> Picture:
    """Return a limit as a labelled line, at the top of the chart if it lies above."""
    is_above = value > here.most
    y = here.top if is_above else here.y(value)
    shown = f"{label}, above this scale \u2191" if is_above else label
    place = words("small bad halo", WIDTH - RIGHT - 6, y + (14 if is_above else -5), shown, "end")
    return {
        f"{name} limit": line("limit none" if is_above else "limit", LEFT, y, WIDTH - RIGHT, y),
        f"{name} limit name": place,
    }


def _byte_limit(here: Axes, run: Recording) -> Picture:
    limit = run.plan.limits.outbox_bytes
    return limit_line("bytes", here, limit, f"outbox limit {size(limit)}")


def _legend(here: Axes, run: Recording) -> Picture:
    y = here.top + 5
    is_known = run.last(run.plan.watched).kernel_bytes is not None
    kernel = "in the kernel" if is_known else "kernel: not measured"
    return {
        "key outbox": rect("bytes", LEFT + 166, y, 18, 12),
        "key outbox name": words("small halo", LEFT + 189, y + 10, f"in {run.plan.watched}'s outbox"),
        "key kernel": rect("kernel", LEFT + 316, y, 18, 12),
        "key kernel name": words("small halo", LEFT + 339, y + 10, kernel),
    }


def marks(run: Recording, at: float, above: Axes, below: Axes) -> Picture:
    """Return a line and its words for each mark, in the first row that is free."""
    lines: Picture = {}
    names: Picture = {}
    ends = [0.0] * ROWS
    for number, mark in enumerate(mark for mark in sorted(run.marks) if mark.at <= at):
        x = above.x(mark.at)
        wide = len(mark.words) * LETTER + 12
        left = min(x, WIDTH - wide)
        row = next((row for row in range(ROWS) if ends[row] <= left), ends.index(min(ends)))
        ends[row] = left + wide
        css = {CLOSED: "bad", KILLED: "bad", BACK: "good"}.get(mark.kind, "did")
        lines[f"mark {number}"] = line(f"mark {css}", x, 6 + row * 18, x, below.top + below.height)
        names[f"mark name {number}"] = words(f"small strong halo {css}", left + 5, 16 + row * 18, mark.words)
    return lines | names
