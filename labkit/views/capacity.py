"""A capacity plan (how many servers a number of connections needs), as a widget with sliders and as a picture.

CapacityPlanner(costs, Need(connections=1_000_000))     # the saved notebook keeps its first answer as text
picture(costs, need)
"""

from dataclasses import replace
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from labkit.bench.capacity import Costs, Need, plan
from labkit.views.display import show
from labkit.views.still_charts import COLORS

STEPS = [round(10 ** (3 + step / 8)) for step in range(29)]  # 1,000 to over 3 million connections
PLAIN = ",.3r"  # shows 1,000,000 instead of 1e+6
SLIDERS = {
    "connections": ("connections", 3, 7),
    "published_per_min": ("messages/min per member", -3, 3),
    "room_size": ("members per room", 0, 4),
    "handshakes_per_s": ("handshakes/s per server", 1, 4),
    "most_connections": ("connections per server, at most", 3, 6),
    "server_gb": ("memory per server, GB", -1, 3),
}


class CapacityPlanner:
    """Sliders for the assumptions, and the plan that follows from them."""

    def __init__(self, costs: Costs, need: Need) -> None:
        self.costs = costs
        self.first = need
        style: dict[str, Any] = {"style": {"description_width": "210px"}, "layout": {"width": "560px"}}
        self.sliders = {
            name: ipywidgets.FloatLogSlider(
                getattr(need, name), min=low, max=high, description=text, readout_format=PLAIN, **style
            )
            for name, (text, low, high) in SLIDERS.items()
        }
        self.sliders["busy"] = ipywidgets.FloatSlider(
            need.busy, min=0.1, max=0.95, step=0.05, description="CPU load per core, at most", **style
        )
        self.answer = ipywidgets.HTML()
        for slider in self.sliders.values():
            slider.observe(lambda _: self._update(), names="value")
        self._update()
        self.widget = ipywidgets.VBox([*self.sliders.values(), self.answer])

    @property
    def need(self) -> Need:
        """The assumptions that the sliders show."""
        values = {name: slider.value for name, slider in self.sliders.items()}
        whole = {name: max(1, round(values[name])) for name in ("connections", "room_size", "most_connections")}
        return replace(self.first, **(values | whole))

    def _update(self) -> None:
        self.answer.value = f"<p role='status'>{plan(self.costs, self.need)}</p>"

    def _ipython_display_(self) -> None:
        show(self.widget, repr(self), replaceable=False)

    def __repr__(self) -> str:
        return f"a plan with {len(self.sliders)} adjustable assumptions"


def picture(costs: Costs, need: Need) -> Figure:
    """Plot servers against connections, with the limiting resource, and the time that everyone needs to reconnect."""
    made = Figure(figsize=(9, 3.2), dpi=100, layout="constrained")
    count, back = made.subplots(1, 2)
    plans = [plan(costs, replace(need, connections=connections)) for connections in STEPS]
    for number, bound in enumerate(dict.fromkeys(each.bound_by for each in plans)):
        chosen = [each for each in plans if each.bound_by == bound]
        at = [each.need.connections for each in chosen]
        count.plot(at, [each.servers for each in chosen], "o-", color=COLORS[number], label=f"bound by {bound}")
    count.legend(fontsize="small")
    count.set(xscale="log", yscale="log", xlabel="connections", ylabel="servers")
    back.plot(STEPS, [each.back_s for each in plans], "o-", color=COLORS[0])
    back.set(xscale="log", xlabel="connections", ylabel="s until everybody is back")
    for ax in (count, back):
        ax.grid(alpha=0.25)
    return made
