"""The dashboard's buttons and sliders, which act on a lab and its population.

Every change is a message of its own. The sliders of ipywidgets do not work here: they hold back a second change until
the kernel reports `idle`, which ipykernel 7.4 does not do for messages that it handles while a cell is running. Actions
run on the background loop, whichever thread Jupyter calls back on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit.bench.launch.lab import Lab
from labkit.bench.population import Population
from labkit.wire import background

HERE = Path(__file__).parent
SLOWEST, FASTEST = 2, 6  # the reader's slider, as powers of ten; its right end means no limit
Doing = Callable[[float | None], Awaitable[Any]]


class ControlsWidget(anywidget.AnyWidget):
    """The browser's half: controls.js and controls.css."""

    _esm = HERE / "controls.js"
    _css = HERE / "controls.css"
    controls: Any = traitlets.List().tag(sync=True)


class Controls:
    """Widgets that act on one lab, and on its population if there is one."""

    def __init__(self, lab: Lab, population: Population | None = None) -> None:
        self._lab = lab
        self._limits: dict[str, float] = {}
        self._doing: dict[str, Doing] = {"kill": self._kill, "restart": self._restart}
        described = [
            _button("kill", "SIGKILL to the server"),
            _button("restart", "drain the server, then start it with the limits below"),
            self._limit("outbox_bytes", "outbox, at most", "KiB", 1024, 64, 4096, 64),
            self._limit("outbox_age_s", "oldest message, at most", "s", 1, 1, 30, 1),
        ]
        if population is not None:
            described = self._of_population(population) + described
        self.widget = ControlsWidget(controls=described)
        self.widget.on_msg(lambda _, message, __: self.change(message["name"], message["value"]))

    def change(self, name: str, value: float | None = None) -> None:
        """Handle a pressed button (`value` is None) or a moved slider (None means its right end)."""
        background.spawn(self._doing[name](value))

    def close(self) -> None:
        """Close the widgets, to free their resources in the browser."""
        self.widget.close()

    def _of_population(self, population: Population) -> list[dict[str, Any]]:
        async def set_rate(value: float | None) -> None:
            population.rate = value or 0

        async def read_at(value: float | None) -> None:
            population.read_at(value)

        async def freeze(_: float | None) -> None:
            population.freeze()

        async def heal(_: float | None) -> None:
            population.heal()

        self._doing |= {"rate": set_rate, "reader": read_at, "freeze": freeze, "heal": heal}
        reader = _slider("reader", "slow member reads", "B/s", FASTEST, SLOWEST, FASTEST, 0.25)
        return [
            _button("freeze", "stall the slow member's network"),
            _button("heal", "remove all faults"),
            _slider("rate", "send", "messages/s", population.rate, 0, 200, 5),
            {**reader, "power": True, "end": "at full speed"},
        ]

    def _limit(
        self, name: str, label: str, unit: str, scale: int, low: float, high: float, step: float
    ) -> dict[str, Any]:
        async def keep(value: float | None) -> None:
            self._limits[name] = scale * (high if value is None else value)

        self._doing[name] = keep
        now = getattr(self._lab.limits, name)
        return _slider(name, label, unit, high if now is None else now / scale, low, high, step)

    async def _kill(self, _: float | None) -> None:
        await asyncio.to_thread(self._lab.kill)

    async def _restart(self, _: float | None) -> None:
        await asyncio.to_thread(self._lab.restart, **self._limits)


def _button(name: str, hint: str) -> dict[str, Any]:
    return {"kind": "button", "name": name, "hint": hint}


def _slider(name: str, label: str, unit: str, value: float, low: float, high: float, step: float) -> dict[str, Any]:
    place = {"value": value, "min": low, "max": high, "step": step}
    return {"kind": "slider", "name": name, "label": label, "unit": unit, **place}
