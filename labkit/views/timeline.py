"""Plot the events that both ends of a connection recorded, in causal order, with the conclusion.

`print(timeline)` shows the same as text.
"""

from textwrap import fill, shorten

from matplotlib.figure import Figure

from labkit.bench.timeline.merge import CLIENT, NETWORK, Moment, Timeline
from labkit.views.still_charts import COLORS, DPI

ROW_IN = 0.27
WORDS = 62


def picture(timeline: Timeline) -> Figure:
    """Plot time downwards, one row per event: the client's on the left, the server's on the right."""
    moments = _shortened(timeline.briefly)
    made = Figure(figsize=(9, 1.2 + ROW_IN * len(moments)), dpi=DPI, layout="constrained")
    ax = made.subplots()
    start = timeline.moments[0].at
    for lane in (0, 1):
        ax.axvline(lane, color="#9ca3af", linewidth=1)
    for place, moment in enumerate(moments):
        if moment.side == NETWORK:
            ax.axhline(place, color=COLORS[4], linestyle="--", linewidth=1)
            label = f"{moment.at - start:.2f} s  {moment.what}"
            ax.text(0.5, place, label, ha="center", va="center", fontsize=8, weight="bold", backgroundcolor="white")
            continue
        lane = 0 if moment.side == CLIENT else 1
        is_first = moment == timeline.visible
        ax.plot([lane], [place], marker="D" if is_first else "o", color=COLORS[4 if is_first else lane])
        left = lane == 0
        ax.annotate(
            f"{moment.at - start:.2f} s  {shorten(moment.what, WORDS, placeholder=' ...')}",
            (lane, place),
            xytext=(-10 if left else 10, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8,
            weight="bold" if is_first else "normal",
        )
    ax.set_xlim(-2.2, 3.2)
    ax.set_ylim(len(moments) - 0.3, -1.2)
    ax.text(-0.05, -0.9, "the client", ha="right", weight="bold")
    ax.text(1.05, -0.9, "the server", ha="left", weight="bold")
    ax.set_axis_off()
    ax.set_title(fill(timeline.sentence, 100), loc="left", fontsize=9)
    return made


def _shortened(moments: tuple[Moment, ...], most: int = 24) -> list[Moment]:
    """Keep only the start and end of a long timeline, because buffers are sampled four times per second."""
    if len(moments) <= most:
        return list(moments)
    head, tail = moments[: most // 2], moments[-most // 2 :]
    left_out = Moment(head[-1].at, head[-1].side, f"({len(moments) - most} more)")
    return [*head, left_out, *tail]
