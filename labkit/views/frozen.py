"""Still pictures of a store: matplotlib through `Figure`, never pyplot, so that no global state is shared."""

from io import BytesIO

from matplotlib.figure import Figure

from labkit.metrics import Store
from labkit.views.chart import Chart

WIDTH_IN, HEIGHT_IN, DPI = 7.5, 1.9, 100
COLORS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#65a30d", "#be185d")
STYLES = ("-", "--", "-.", ":")  # so that lines can be told apart without colour


def figure(store: Store, charts: tuple[Chart, ...]) -> Figure:
    """The charts below one another, over seconds since the first sample."""
    made = Figure(figsize=(WIDTH_IN, HEIGHT_IN * len(charts)), dpi=DPI, layout="constrained")
    axes = made.subplots(len(charts), 1, squeeze=False, sharex=True)[:, 0]
    windows = [[store.window(name) for name in chart.series()] for chart in charts]
    start = min((window.times[0] for row in windows for window in row if window.times), default=0.0)
    for ax, chart, row in zip(axes, charts, windows):
        for number, (line, window) in enumerate(zip(chart.lines, row)):
            style = {"color": COLORS[number % len(COLORS)], "linestyle": STYLES[number % len(STYLES)]}
            ax.plot([at - start for at in window.times], list(window.values), label=line, linewidth=1.5, **style)
        ax.set_ylabel(f"{chart.title}\n({chart.unit})")
        highest = max((value for window in row for value in window.values), default=0)
        ax.set_ylim(0, 1.3 * highest or 1)  # room for the legend
        ax.grid(alpha=0.25)
        ax.legend(loc="upper left", fontsize="small", frameon=False, ncols=4)
    axes[-1].set_xlabel("seconds")
    return made


def png(made: Figure) -> bytes:
    """A figure as the bytes of a PNG."""
    file = BytesIO()
    made.savefig(file, format="png")
    return file.getvalue()
