"""The dashboard's sliders and buttons: what a learner may do to a lab and its crowd while watching.

Whatever they do runs on the background loop (work that blocks, in a thread of it), wherever Jupyter calls back.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import ipywidgets

from labkit.bench.crowd import Crowd
from labkit.bench.launch import Lab
from labkit.wire import background

FASTEST = 6.0  # the right end of the reader's slider, as a power of ten: no brake at all
STYLE: dict[str, Any] = {"style": {"description_width": "150px"}, "layout": {"width": "420px"}}


class Controls:
    """Widgets that act on one lab, and on its crowd if there is one."""

    def __init__(self, lab: Lab, crowd: Crowd | None = None) -> None:
        self._lab = lab
        self._crowd = crowd
        self.rate = ipywidgets.FloatSlider(
            crowd.rate if crowd else 0, min=0, max=200, step=5, description="messages a second", **STYLE
        )
        self.reader = ipywidgets.FloatLogSlider(
            10**FASTEST, min=2, max=FASTEST, step=0.25, description="slow one reads, B/s", **STYLE
        )
        self.outbox_kb = ipywidgets.IntSlider(1024, min=64, max=4096, step=64, description="outbox, KiB", **STYLE)
        self.outbox_age_s = ipywidgets.IntSlider(5, min=1, max=30, description="oldest may be, s", **STYLE)
        self.buttons = {
            "freeze": self._button("freeze", "the slow one's network stands still", self._of_crowd("freeze")),
            "heal": self._button("heal", "no fault any more", self._of_crowd("heal")),
            "kill": self._button("kill", "SIGKILL to the server", lambda: asyncio.to_thread(lab.kill)),
            "restart": self._button("restart", "drain, then start with the limits below", self._restart),
        }
        self.rate.observe(lambda change: self._set_rate(change["new"]), names="value")
        self.reader.observe(lambda change: background.spawn(self._read_at(change["new"])), names="value")
        sliders = [self.rate, self.reader] if crowd else []
        limits = [self.outbox_kb, self.outbox_age_s]
        self.widget = ipywidgets.VBox(
            [ipywidgets.HBox(list(self.buttons.values())), ipywidgets.HBox(sliders), ipywidgets.HBox(limits)]
        )

    def close(self) -> None:
        """Free what the browser holds."""
        for box in self.widget.children:
            for child in box.children:
                child.close()
            box.close()
        self.widget.close()

    def _button(self, name: str, hint: str, doing: Callable[[], Any]) -> ipywidgets.Button:
        button = ipywidgets.Button(description=name, tooltip=hint, layout={"width": "90px"})
        button.on_click(lambda _: background.spawn(doing()))
        button.disabled = self._crowd is None and name in ("freeze", "heal")
        return button

    def _of_crowd(self, what: str) -> Callable[[], Any]:
        async def do() -> None:
            getattr(self._crowd, what)()

        return do

    def _set_rate(self, rate: float) -> None:
        if self._crowd is not None:
            self._crowd.rate = rate

    async def _read_at(self, bytes_per_s: float) -> None:
        if self._crowd is not None:
            self._crowd.read_at(None if bytes_per_s >= 10**FASTEST else bytes_per_s)

    async def _restart(self) -> None:
        limits = {"outbox_bytes": 1024 * self.outbox_kb.value, "outbox_age_s": self.outbox_age_s.value}
        await asyncio.to_thread(self._lab.restart, **limits)
