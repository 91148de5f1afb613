"""A live dashboard: rooms, connections with their separate buffers, close codes, and charts.

    dashboard = Dashboard.of_lab(lab, population)        # with sliders and buttons
    dashboard = Dashboard(Watch(url, ops_token))    # read-only, for any room server
    await dashboard.live(30)
    dashboard.freeze().connections                  # a pandas frame

It polls the server's operator endpoints up to eight times per second.
"""

import asyncio
from base64 import b64encode
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Self

import ipywidgets
from matplotlib.figure import Figure

from labkit.bench.launch.lab import Lab
from labkit.bench.population import Population
from labkit.bench.watch import CloseCount, ConnectionRow, Watch
from labkit.views import still_charts
from labkit.views.chart import Chart
from labkit.views.connection_table import Table
from labkit.views.controls import Controls
from labkit.views.display import show
from labkit.views.live_panel import FRAMES_PER_S, LivePanel

if TYPE_CHECKING:
    import pandas

CHARTS = (
    Chart("rates", "messages per second", "{} per second", ("received", "delivered")),
    Chart("largest buffer", "bytes", "largest buffer, {}", ("outbox", "kernel")),
    Chart("oldest undelivered", "ms", "oldest undelivered {}", ("ms",)),
)


class Frozen(NamedTuple):
    """A snapshot of a dashboard: a matplotlib figure and pandas frames."""

    figure: Figure
    connections: "pandas.DataFrame"
    samples: "pandas.DataFrame"
    closes: "pandas.DataFrame"


class Dashboard:
    """The dashboard of one server."""

    def __init__(self, watch: Watch, controls: Controls | None = None, lab: Lab | None = None) -> None:
        self.watch = watch
        self.controls = controls
        self.frames = 0
        self._lab = lab
        self._charts = LivePanel(watch.store, CHARTS)
        self._table = Table()
        self._status = ipywidgets.HTML()
        parts = [controls.widget] if controls else []
        self.widget = ipywidgets.VBox([*parts, self._status, self._table, self._charts.widget])

    @classmethod
    def of_lab(cls, lab: Lab, population: Population | None = None) -> Self:
        """Create a dashboard with sliders and buttons."""
        return cls(lab.watch(), Controls(lab, population), lab)

    async def live(self, seconds: float = 30.0) -> None:
        """Show the dashboard for `seconds`, or until the cell is interrupted; then replace it with a picture."""
        shown = show(self.widget, repr(self))
        ends = monotonic() + seconds
        try:
            while monotonic() < ends:
                started = monotonic()
                await self.draw()
                await asyncio.sleep(max(0.01, 1 / FRAMES_PER_S - (monotonic() - started)))
        finally:
            if shown is not None:
                image = b64encode(still_charts.png(self._figure())).decode()
                shown.update({"image/png": image, "text/plain": repr(self)}, raw=True)
            self.close()

    async def draw(self) -> None:
        """Poll the server and send a frame to the browser."""
        try:
            seen = await asyncio.to_thread(self.watch.look)
        except OSError as error:
            self._status.value = f"<span role='status'>\u25b2 the server does not answer: {error}</span>"
            return
        self._status.value = ""
        self.frames += 1
        self._table.show(seen, [self._name(line) for line in seen.connections], self.watch.closes)
        self._charts.draw()

    def freeze(self) -> Frozen:
        """Return the current data as a figure and as pandas frames."""
        import pandas

        connections = pandas.DataFrame(list(self.watch.seen.connections), columns=list(ConnectionRow._fields))
        closes = pandas.DataFrame(list(self.watch.closes), columns=list(CloseCount._fields))
        return Frozen(self._figure(), connections, self.watch.store.frame(), closes)

    def close(self) -> None:
        """Close the widgets and the connection to the server."""
        if self.controls is not None:
            self.controls.close()
        self._charts.close()
        for widget in (self._status, self._table, self.widget):
            widget.close()
        self.watch.close()

    def __repr__(self) -> str:
        return "dashboard: rooms, connections with their buffers, close codes; final state:"

    def _figure(self) -> Figure:
        return still_charts.figure(self.watch.store, CHARTS)

    def _name(self, line: ConnectionRow) -> str:
        clients = self._lab.clients.items() if self._lab is not None else ()
        return next((name for name, client in clients if client.connection_id == line.connection_id), line.user)
