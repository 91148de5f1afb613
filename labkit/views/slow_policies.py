"""Compare policies for a slow member in one picture: events lost, staleness of the rest, and memory."""

from matplotlib.figure import Figure

from labkit.bench.slow.trace import SlowComparison
from labkit.views.still_charts import COLORS

KB = 1000


def picture(comparison: SlowComparison) -> Figure:
    """Plot one mark per policy: events lost against staleness, with memory as the size of the mark."""
    made = Figure(figsize=(8, 4), dpi=100, layout="constrained")
    ax = made.subplots()
    for place, outcome in enumerate(comparison.outcomes):
        size = 40 + outcome.peak_bytes / 300
        ax.scatter([100 * outcome.lost_share], [outcome.stale_worst_s], s=size, alpha=0.7, color=COLORS[place])
        words = f"{outcome.policy}\n{outcome.peak_bytes / KB:.0f} kB"
        words += f"\nthe room waits {outcome.room_waited_s:.0f} s" if outcome.room_waited_s else ""
        above = place % 2 == 0
        ax.annotate(
            words,
            (100 * outcome.lost_share, outcome.stale_worst_s),
            xytext=(0, 12 if above else -12),
            textcoords="offset points",
            fontsize=9,
            ha="center",
            va="bottom" if above else "top",
        )
    ax.set(xlabel="events that the member never saw, %", ylabel="oldest event when it was read, s")
    most = 100 * max(outcome.lost_share for outcome in comparison.outcomes)
    ax.set_xlim(-12, 12 + most)
    ax.set_xticks(range(0, int(most) + 12, 10))  # no ticks left of zero, where there is only text
    ax.set_ylim(0, 1.35 * max(outcome.stale_worst_s for outcome in comparison.outcomes) or 1)
    ax.grid(alpha=0.25)
    return made


def text(comparison: SlowComparison) -> str:
    """Describe the picture as text, one line per policy."""
    return "\n".join(
        f"{outcome.policy}: {100 * outcome.lost_share:.0f} % never seen, the oldest {outcome.stale_worst_s:.1f} s old, "
        f"{outcome.peak_bytes / KB:.0f} kB held, the room waited {outcome.room_waited_s:.1f} s"
        for outcome in comparison.outcomes
    )
