"""What one chart shows: some series of a store under one heading, in one unit. Live and frozen views share it."""

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.metrics import Store


@dataclass(frozen=True)
class Chart:
    """`pattern` names its series, with {} where the line's name stands, as in "round trip ms: {}"."""

    title: str
    unit: str
    pattern: str
    lines: tuple[str, ...]

    def series(self) -> list[str]:
        """The names of its series in the store."""
        return [self.pattern.format(line) for line in self.lines]


def summary(store: Store, charts: tuple[Chart, ...]) -> str:
    """The charts in words: each line's median and highest value."""
    sentences = []
    for chart in charts:
        parts = [f"{line} {_middle(store.window(name).values)}" for line, name in zip(chart.lines, chart.series())]
        sentences.append(f"{chart.title} ({chart.unit}): " + ", ".join(parts))
    return ". ".join(sentences) + "."


def _middle(values: Sequence[float]) -> str:
    ordered = sorted(values)
    if not ordered:
        return "nothing yet"
    return f"median {ordered[len(ordered) // 2]:.3g}, highest {ordered[-1]:.3g}"
