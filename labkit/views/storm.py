"""Plot reconnect storms, one row per policy, and describe them as text.

    labkit.storm(policy="all")      # as the last line of a cell
    print(text(storms))

All rows share a scale. It is logarithmic if one policy exceeds the accept rate by more than LINEAR_UP_TO times.
A policy has the same color in every picture.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labkit.bench.storm.policies import POLICIES
from labkit.bench.storm.run import Storms
from labkit.bench.storm.tally import StormResult
from labkit.text.digits import digits
from labkit.views.still_charts import COLORS, DPI

WIDTH_IN, ROW_IN, MARGIN_IN = 8.0, 1.15, 0.7
BIN_S = 0.1
LINEAR_UP_TO = 20
MEASURED = "dimgrey"


def picture(storms: Storms) -> Figure:
    """Plot reconnection attempts per 100 ms since the drop. The dashed line is the accept rate."""
    rows = storms.results
    made = Figure(figsize=(WIDTH_IN, MARGIN_IN + ROW_IN * len(rows)), dpi=DPI, layout="constrained")
    axes = made.subplots(len(rows), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for ax, result in zip(axes, rows):
        _row(ax, result, _color(result.policy))
    if any(_exceeds_linear(result) for result in rows):
        axes[0].set_yscale("symlog", linthresh=1)
    axes[0].set_ylim(bottom=0)
    axes[-1].set_xlabel("seconds since everybody was dropped")
    made.supylabel("arrivals per 100 ms")
    return made


def _color(policy: str) -> str:
    """Return the color of a policy. What was measured without one, such as a class, is grey."""
    return COLORS[list(POLICIES).index(policy) % len(COLORS)] if policy in POLICIES else MEASURED


def _exceeds_linear(result: StormResult) -> bool:
    rate = result.handshakes_per_s
    return rate is not None and result.peak_100ms > LINEAR_UP_TO * BIN_S * rate


def _row(ax: Axes, result: StormResult, color: str) -> None:
    edges = [BIN_S * number for number in range(len(result.arrivals) + 1)]
    ax.stairs(result.arrivals, edges, fill=True, color=color, alpha=0.8)
    if result.handshakes_per_s is not None:
        ax.axhline(BIN_S * result.handshakes_per_s, color="black", linestyle="--", linewidth=0.8)
    ax.set_title(_sentence(result), loc="left", fontsize="small")
    ax.grid(alpha=0.25)


def text(storms: Storms) -> str:
    """Describe the picture as text, one sentence per policy."""
    first = storms.results[0]
    rate = (
        "no accept rate" if first.handshakes_per_s is None else f"accept rate {digits(first.handshakes_per_s)} a second"
    )
    lines = [f"{first.clients:,} clients dropped at once, {rate}, {first.mode}."]
    return "\n".join([*lines, *(_sentence(result) + "." for result in storms)])


def _sentence(result: StormResult) -> str:
    back = "99 % never came back" if result.t99_s is None else f"99 % back after {result.t99_s:.1f} s"
    lost = f", {result.lost:,} lost" if result.lost else ""
    peaks = f"{result.peak_100ms:,} in the worst 100 ms, {result.peak_1s:,} in the worst second"
    return f"{result.policy}: {peaks}, {result.refused:,} refused, {back}{lost}"
