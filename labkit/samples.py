"""Samples (time, name, value) in fixed-size series. `bench` records them, and `views` plots them.

    store.add("round trip ms", 1.4)
    store.window("round trip ms", after=0)      # what is new since the last call
    store.frame()                               # everything, for pandas

A `Store` is thread-safe.
"""

from array import array
from threading import Lock
from time import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas

SAMPLES_PER_SERIES = 4096


class Window(NamedTuple):
    """Some samples of one series, oldest first. Pass `seen` as `after` to get only newer ones."""

    times: "array[float]"
    values: "array[float]"
    seen: int


class _Series:
    """A ring buffer of samples."""

    def __init__(self, size: int) -> None:
        self.times = array("d", bytes(8 * size))
        self.values = array("d", bytes(8 * size))
        self.added = 0

    def add(self, at: float, value: float) -> None:
        place = self.added % len(self.times)
        self.times[place], self.values[place] = at, value
        self.added += 1

    def window(self, after: int) -> Window:
        first = max(after, self.added - len(self.times), 0)
        places = [number % len(self.times) for number in range(first, self.added)]
        times, values = array("d", (self.times[p] for p in places)), array("d", (self.values[p] for p in places))
        return Window(times, values, self.added)


class Store:
    """Named series of samples. Times are in seconds since 1970. Include the unit in the name: "round trip ms"."""

    def __init__(self, size: int = SAMPLES_PER_SERIES) -> None:
        if size < 1:
            raise ValueError(f"a series holds at least 1 sample, not {size}")
        self._size = size
        self._series: dict[str, _Series] = {}
        self._lock = Lock()

    def add(self, name: str, value: float, at: float | None = None) -> None:
        """Add one sample; a full series drops its oldest."""
        with self._lock:
            series = self._series.get(name)
            if series is None:
                series = self._series[name] = _Series(self._size)
            series.add(time() if at is None else at, value)

    def names(self) -> list[str]:
        """Return the names of the series, ordered by when each got its first sample."""
        with self._lock:
            return list(self._series)

    def window(self, name: str, after: int = 0) -> Window:
        """Return a series without its first `after` samples. The window is empty if there is no such series."""
        with self._lock:
            series = self._series.get(name)
            return Window(array("d"), array("d"), 0) if series is None else series.window(after)

    def frame(self) -> "pandas.DataFrame":
        """Return a data frame with one row per sample: `time` (UTC), `name`, `value`, sorted by time. Needs pandas."""
        import pandas

        windows = {name: self.window(name) for name in self.names()}
        rows = [(at, name, value) for name, (times, values, _) in windows.items() for at, value in zip(times, values)]
        frame = pandas.DataFrame(rows, columns=["time", "name", "value"]).sort_values("time", ignore_index=True)
        frame["time"] = pandas.to_datetime(frame["time"], unit="s", utc=True)
        return frame
