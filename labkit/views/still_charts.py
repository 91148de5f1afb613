"""Still pictures of a store. Uses matplotlib's `Figure`, never pyplot, which would share global state."""

from io import BytesIO
from math import ceil
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labkit.samples import Store
from labkit.views.chart import ALWAYS, Chart, Span, seen, silence, with_holes

WIDTH_IN, HEIGHT_IN, DPI = 7.5, 1.9, 100
LEGEND_LETTERS = 50  # the maximum number of letters for four names in one row
LETTERS = 80  # per row of a sentence in the picture
MOST_DOTS = 100  # a line with more samples is drawn without dots
COLORS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#65a30d", "#be185d")
STYLES = ("-", "--", "-.", ":")  # so that lines can be told apart without colour


def figure(store: Store, charts: tuple[Chart, ...], span: Span = ALWAYS) -> Figure:
    """Draw the charts one below the other, against seconds since the first sample of the span."""
    made = Figure(figsize=(WIDTH_IN, HEIGHT_IN * len(charts)), dpi=DPI, layout="constrained")
    axes = made.subplots(len(charts), 1, squeeze=False, sharex=True)[:, 0]
    windows = [[seen(store, name, span) for name in chart.series()] for chart in charts]
    start = min((window.times[0] for row in windows for window in row if window.times), default=0.0)
    for ax, chart, row in zip(axes, charts, windows):
        for number, (line, window) in enumerate(zip(chart.lines, row)):
            style = {"color": COLORS[number % len(COLORS)], "linestyle": STYLES[number % len(STYLES)]}
            times, values = with_holes(chart, window)
            style["marker"] = "." if len(times) <= MOST_DOTS else ""
            ax.plot([at - start for at in times], values, label=line, linewidth=1.5, markersize=3, **style)
        _frame(ax, chart, max((value for window in row for value in window.values), default=0) or 1)
    axes[-1].set_xlabel("seconds")
    why = silence(store, charts, span)
    if why is not None:
        made.text(0.5, 0.5, fill(why, LETTERS), ha="center", va="center", fontsize="small")
    return made


def _frame(ax: Axes, chart: Chart, highest: float) -> None:
    """Set up the axes, with space below for a line at zero and above for the legend."""
    columns = 4 if len("".join(chart.lines)) <= LEGEND_LETTERS else 2
    legend_rows = ceil(len(chart.lines) / columns)
    ax.set_ylabel(f"{chart.title}\n({chart.unit})")
    ax.set_ylim(-0.03 * highest, (1.05 + 0.27 * legend_rows) * highest)
    ax.yaxis.set_major_formatter("{x:,.10g}")
    ax.grid(alpha=0.25)
    ax.legend(loc="upper left", fontsize="small", frameon=False, ncols=columns)


def png(made: Figure) -> bytes:
    """Return a figure as PNG bytes."""
    file = BytesIO()
    # The canvas is imported at the top, because an import interrupted in a cell stays broken.
    FigureCanvasAgg(made).print_png(file)  # type: ignore[no-untyped-call]
    return file.getvalue()
