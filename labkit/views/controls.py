"""The dashboard's buttons and sliders: what a learner may do to a lab and its population while watching.

Every change is a message of its own. The sliders of ipywidgets would not do: ipykernel 7.4 answers no `idle` for what
it handles beside a running cell, and ipywidgets holds a second change back until it sees one. Whatever a control does
runs on the background loop, wherever Jupyter calls back.
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
SLOWEST, FASTEST = 2, 6  # of the reader's slider, as powers of ten; the right end is no brake at all
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
            self._limit("outbox_bytes", "outbox at most", "KiB", 1024, 64, 4096, 64),
            self._limit("outbox_age_s", "oldest at most", "s", 1, 1, 30, 1),
        ]
        if population is not None:
            described = self._of_population(population) + described
        self.widget = ControlsWidget(controls=described)
        self.widget.on_msg(lambda _, said, __: self.change(said["name"], said["value"]))

    def change(self, name: str, value: float | None = None) -> None:
        """What the browser says: a button was pressed (None), a slider moved (None: its right end)."""
        background.spawn(self._doing[name](value))

    def close(self) -> None:
        """Free what the browser holds."""
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
        reader = _slider("reader", "slow one reads", "B/s", FASTEST, SLOWEST, FASTEST, 0.25)
        return [
            _button("freeze", "the slow one's network stands still"),
            _button("heal", "no fault any more"),
            _slider("rate", "talk", "messages/s", population.rate, 0, 200, 5),
            {**reader, "power": True, "end": "as it can"},
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
