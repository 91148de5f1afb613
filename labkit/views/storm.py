"""Plot reconnect storms, one row per policy, and describe them as text.

    labkit.storm(policy="all")      # as the last line of a cell
    print(text(storms))

All rows share a scale. It is logarithmic if one policy exceeds the accept rate by more than LINEAR_UP_TO times.
A policy has the same color in every picture.

Where the server hashes passwords, the picture shows instead who is back, and what the work was good for.
"""

from itertools import accumulate
from math import ceil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labkit.bench.storm.policies import POLICIES
from labkit.bench.storm.run import Storms
from labkit.bench.storm.tally import StormResult
from labkit.text.digits import digits
from labkit.views.still_charts import COLORS, DPI, STYLES

WIDTH_IN, ROW_IN, MARGIN_IN = 8.0, 1.15, 0.7
BIN_S = 0.1
WORK_BIN_S = 0.5
FINE_UP_TO_S = 30
LINEAR_UP_TO = 20
MEASURED = "dimgrey"


def picture(storms: Storms) -> Figure:
    """Plot reconnection attempts per 100 ms since the drop. The dashed line is the accept rate."""
    rows = storms.results
    if any(result.hashed for result in rows):
        return _hashing_picture(rows)
    made = Figure(figsize=(WIDTH_IN, MARGIN_IN + ROW_IN * len(rows)), dpi=DPI, layout="constrained")
    axes = made.subplots(len(rows), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for ax, result in zip(axes, rows):
        _row(ax, result, color_of(result.policy))
    if any(_exceeds_linear(result) for result in rows):
        axes[0].set_yscale("symlog", linthresh=1)
    axes[0].set_ylim(bottom=0)
    axes[-1].set_xlabel("seconds since everybody was dropped")
    made.supylabel("arrivals per 100 ms")
    return made


def _hashing_picture(rows: tuple[StormResult, ...]) -> Figure:
    """Plot who is back, all policies on the same axes, and below it what the server's work was good for."""
    made = Figure(figsize=(WIDTH_IN, MARGIN_IN + ROW_IN * (len(rows) + 2)), dpi=DPI, layout="constrained")
    heights = [2.0, *(1.0 for _ in rows)]
    axes = made.subplots(len(rows) + 1, 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    seconds = max(BIN_S * len(result.hashed) for result in rows)
    bin_s = WORK_BIN_S * max(1, round(seconds / FINE_UP_TO_S))
    _who_is_back(axes[0], rows, seconds)
    for ax, result in zip(axes[1:], rows):
        _work(ax, result, color_of(result.policy), bin_s)
    axes[-1].set_xlabel("seconds since everybody was dropped")
    axes[0].set_ylabel("clients back")
    axes[-1].set_ylabel("hashed per s")
    return made


def _who_is_back(ax: Axes, rows: tuple[StormResult, ...], seconds: float) -> None:
    ax.axhline(rows[0].clients, color="black", linestyle="--", linewidth=0.8, label=f"all {rows[0].clients:,}")
    for number, result in enumerate(rows):
        counts = [0, *accumulate(result.let_in)]
        counts += [counts[-1]] * (round(seconds / BIN_S) + 1 - len(counts))
        style: dict[str, Any] = {"color": color_of(result.policy), "linestyle": STYLES[number % len(STYLES)]}
        ax.plot([BIN_S * place for place in range(len(counts))], counts, label=result.policy, **style)
    ax.set_ylim(0, 1.1 * rows[0].clients)
    ax.legend(loc="center right", fontsize="small")
    ax.grid(alpha=0.25)


def _work(ax: Axes, result: StormResult, color: str, bin_s: float) -> None:
    """Plot all passwords hatched, and in color those of clients that still waited."""
    width = round(bin_s / BIN_S)
    length = max(len(result.hashed), len(result.let_in))
    edges = [bin_s * place for place in range(ceil(length / width) + 1)]
    hatched = {"facecolor": "white", "edgecolor": "silver", "hatch": "////"}
    looks: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        (result.hashed, hatched),
        (result.let_in, {"facecolor": color, "edgecolor": color}),
    ]
    for counts, look in looks:
        padded = [*counts, *[0] * (width * (len(edges) - 1) - len(counts))]
        rates = [sum(padded[at : at + width]) / bin_s for at in range(0, len(padded), width)]
        ax.stairs(rates, edges, fill=True, **look)
    ax.set_title(_work_sentence(result), loc="left", fontsize="small")
    ax.set_ylim(bottom=0)
    ax.grid(alpha=0.25)


def _work_sentence(result: StormResult) -> str:
    return (
        f"{result.policy}: {result.back:,} of {result.clients:,} back; {sum(result.hashed):,} passwords hashed, "
        f"{result.wasted:,} for clients that had given up"
    )


def color_of(policy: str) -> str:
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
    if result.hashed:
        return _work_sentence(result)
    back = "99 % never came back" if result.t99_s is None else f"99 % back after {result.t99_s:.1f} s"
    lost = f", {result.lost:,} lost" if result.lost else ""
    peaks = f"{result.peak_100ms:,} in the worst 100 ms, {result.peak_1s:,} in the worst second"
    return f"{result.policy}: {peaks}, {result.refused:,} refused, {back}{lost}"
