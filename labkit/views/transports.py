"""Plot a comparison of four transports, and help choose between them.

show(comparison)
Decision(comparison)        # sliders; the saved notebook keeps its first advice as text
"""

from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from labkit.bench.transports.advice import Advice, Need, advise
from labkit.bench.transports.compare import Comparison
from labkit.text.digits import digits
from labkit.views.display import show
from labkit.views.still_charts import COLORS

MB = 1_000_000


def picture(comparison: Comparison) -> Figure:
    """Plot each update's latency and cost, and the cost of an idle connection, on logarithmic scales."""
    made = Figure(figsize=(10, 3.3), dpi=100, layout="constrained")
    late, cost = made.subplots(1, 2, sharey=True)
    names = [row.option for row in comparison.rows]
    for place, row in enumerate(comparison.rows):
        late.scatter(row.latencies_ms, [place] * len(row.latencies_ms), s=14, alpha=0.5, color=COLORS[place])
        late.plot([row.median_ms], [place], marker="|", markersize=20, color=COLORS[place])
        cost.barh(place - 0.2, row.bytes_per_update, height=0.35, color=COLORS[place])
        cost.barh(place + 0.2, row.idle_bytes_per_s, height=0.35, color=COLORS[place], alpha=0.4, hatch="//")
        cost.text(max(row.idle_bytes_per_s, 1), place + 0.2, f" {row.idle_bytes_per_s:.0f}", va="center", fontsize=8)
        cost.text(row.bytes_per_update, place - 0.2, f" {row.bytes_per_update:.0f}", va="center", fontsize=8)
    late.set(xscale="log", xlabel="latency of each update (ms)", yticks=range(len(names)))
    late.set_yticklabels(names)
    late.invert_yaxis()
    cost.set(xscale="symlog", xlabel="bytes per update; hatched: bytes per second while idle")
    cost.margins(x=0.2)
    for ax in (late, cost):
        ax.xaxis.set_major_formatter("{x:g}")
    return made


class Decision:
    """Sliders for the needs of a screen, and the advice that follows from the measurements."""

    def __init__(self, comparison: Comparison, need: Need | None = None) -> None:
        self.comparison = comparison
        self._first = need or Need(updates_per_min=30, delay_s=1)
        style: dict[str, Any] = {"style": {"description_width": "210px"}, "layout": {"width": "520px"}}
        below: dict[str, Any] = {"indent": False, "layout": {"width": "auto", "margin": "2px 0 2px 216px"}}
        self.updates = ipywidgets.FloatLogSlider(
            self._first.updates_per_min, min=-1, max=3, description="updates per minute", **style
        )
        self.delay = ipywidgets.FloatLogSlider(
            self._first.delay_s, min=-1, max=2, description="acceptable delay, s", **style
        )
        self.speaks = ipywidgets.Checkbox(self._first.sends_often, description="the browser sends often, too", **below)
        self.kept = ipywidgets.Checkbox(
            self._first.must_be_kept, description="the data must not be lost (money, records)", **below
        )
        self.answer = ipywidgets.HTML()
        for control in (self.updates, self.delay, self.speaks, self.kept):
            control.observe(lambda _: self._update(), names="value")
        self._update()
        self.widget = ipywidgets.VBox([self.updates, self.delay, self.speaks, self.kept, self.answer])

    @property
    def advice(self) -> Advice:
        """The advice for the current settings."""
        need = Need(self.updates.value, self.delay.value, self.speaks.value, self.kept.value)
        return advise(need, self.comparison)

    def _update(self) -> None:
        advice = self.advice
        rows = "".join(
            f"<tr><td>{option}</td><td style='text-align:right;padding-left:24px'>{amount / MB:.2f} MB</td></tr>"
            for option, amount in sorted(advice.bytes_per_hour.items(), key=lambda pair: pair[1])
        )
        self.answer.value = (
            f"<p role='status'><b>{advice.option}</b>. {advice.why}</p>"
            f"<table><caption style='text-align:left'>bytes per hour per screen</caption>{rows}</table>"
        )

    def _ipython_display_(self) -> None:
        show(self.widget, repr(self), replaceable=False)

    def __repr__(self) -> str:
        advice = advise(self._first, self.comparison)
        need = f"{digits(self._first.updates_per_min)} updates per minute, at most {digits(self._first.delay_s)} s late"
        return f"{need}: {advice.option}. {advice.why}"
