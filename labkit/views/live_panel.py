"""A panel of live charts: a canvas in the browser that receives new samples up to eight times per second.

    panel = LivePanel(lab.store, [Chart("round trip", "ms", "round trip ms: {}", ("ana", "ben"))])
    await panel.live(seconds=10)

A frame costs about 1 ms and 1 KB, because only new samples are sent, as binary. When `live` ends, a still picture
replaces the widget, so that a saved notebook contains no dead widget.
"""

import asyncio
import os
from array import array
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, time
from typing import Any

import anywidget
import ipywidgets
import traitlets
from matplotlib.figure import Figure

from labkit.samples import Store, Window
from labkit.views import still_charts
from labkit.views.chart import ALWAYS, Chart, Span, seen, silence, summary
from labkit.views.display import show
from labkit.views.modules import inlined
from labkit.wire import background

FRAMES_PER_S = 8
SILENT_S = 2.0  # without a sample until the panel explains why it is empty
HERE = Path(__file__).parent
Doing = Callable[[], Awaitable[Any]]


class Canvas(anywidget.AnyWidget):
    """The browser's half: live_panel.js and live_panel.css."""

    _esm = inlined(HERE / "live_panel.js")
    _css = HERE / "live_panel.css"
    charts: Any = traitlets.List().tag(sync=True)
    seconds: Any = traitlets.Float(12.0).tag(sync=True)


class LivePanel:
    """A panel with charts of one store. `buttons` maps labels to functions that return an awaitable."""

    def __init__(
        self,
        store: Store,
        charts: Sequence[Chart],
        buttons: Mapping[str, Doing] | None = None,
        window_s: float = 12.0,
    ) -> None:
        self.charts = tuple(charts)
        self.frames = 0
        self._store = store
        self._series = [name for chart in self.charts for name in chart.series()]
        self._start = time()
        self._is_waiting = False  # for the first sample
        self._span = ALWAYS  # the pictures show only samples taken during `live`
        self._doing = dict(buttons or {})
        self._window_s = window_s
        self._make()

    async def live(self, seconds: float = 10.0, until: Callable[[], bool] = lambda: False) -> None:
        """Show the panel for `seconds`, until `until()`, or until interrupted; then replace it with a picture.

        LABKIT_LINGER in the environment multiplies `seconds`, for a slow machine or a longer look.
        """
        if self.widget.comm is None:  # the cell runs again, and its panel was closed
            self._make()
        shown = show(self.widget, repr(self))
        self._span, self._is_waiting = Span(since=time()), True
        ends = monotonic() + seconds * float(os.environ.get("LABKIT_LINGER", "1"))
        try:
            while monotonic() < ends and not until():
                self.draw()
                self._explain_if_empty()
                await asyncio.sleep(1 / FRAMES_PER_S)
        finally:
            self._span = self._span._replace(until=time())
            if shown is not None:
                shown.update(self._picture(), raw=True)
            self.close()

    def draw(self) -> bool:
        """Send new samples to the browser. Returns False if there are none."""
        counts, rows = [], array("f")
        for name in self._series:
            times, values, self._seen[name] = self._store.window(name, self._seen[name])
            counts.append(len(times))
            for at, value in zip(times, values):
                rows.extend((at - self._start, value))
        if not rows:
            return False
        self._canvas.send({"now": time() - self._start, "counts": counts}, buffers=[rows.tobytes()])
        self.frames += 1
        return True

    def _explain_if_empty(self) -> None:
        """Show why the panel is empty, once, after SILENT_S without a sample."""
        if self._is_waiting and time() - self._span.since > SILENT_S:
            self._is_waiting = False
            why = silence(self._store, self.charts, self._span)
            if why is not None:
                self._canvas.send({"why": why}, buffers=[])

    def freeze(self) -> Figure:
        """Return the charts as a matplotlib figure."""
        return still_charts.figure(self._store, self.charts, self._span)

    def text(self) -> str:
        """Describe as text what the charts showed the last time the panel was live."""
        return summary(self._store, self.charts, self._span)

    def window(self, series: str) -> Window:
        """Return the samples of one series that are in the picture."""
        return seen(self._store, series, self._span)

    def close(self) -> None:
        """Close the widgets."""
        for widget in (*self._buttons, self._canvas, self.widget):
            widget.close()

    def __repr__(self) -> str:
        charts = "; ".join(f"{chart.title} in {chart.unit} of {', '.join(chart.lines)}" for chart in self.charts)
        return f"<live panel: {charts}>"

    def _make(self) -> None:
        self._seen = dict.fromkeys(self._series, 0)
        self._canvas = Canvas(charts=[_described(chart) for chart in self.charts], seconds=self._window_s)
        self._buttons = [_button(label, doing) for label, doing in self._doing.items()]
        self.widget = ipywidgets.VBox([ipywidgets.HBox(self._buttons), self._canvas])

    def _picture(self) -> dict[str, Any]:
        return {"image/png": b64encode(still_charts.png(self.freeze())).decode(), "text/plain": repr(self)}


def _described(chart: Chart) -> dict[str, Any]:
    return {"title": chart.title, "unit": chart.unit, "lines": list(chart.lines), "colors": list(still_charts.COLORS)}


def _button(label: str, doing: Doing) -> ipywidgets.Button:
    """Create a button whose action runs on the background loop, whichever thread Jupyter calls back on."""
    button = ipywidgets.Button(description=label, tooltip=label)
    button.on_click(lambda _: background.spawn(doing()))
    return button
