"""A view that follows one or more rooms: events update a state, which is drawn up to eight times per second.

    view = LiveView(room, on_event, draw)   # on_event(event) updates your state; draw() returns it as HTML
    await view.live(until=lambda: done)     # afterwards, the last drawing stays as plain HTML

The room is read on the background loop. `on_event` and `draw` run one at a time on the notebook's loop, so they can
share state without locks.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import ipywidgets
from IPython.display import HTML, display

from labkit.views.display import show
from labkit.views.live_panel import FRAMES_PER_S
from labkit.wire import background
from labkit.wire.client.room import ClientRoom

Event = dict[str, Any]


class LiveView:
    """A live view of one or more rooms."""

    def __init__(
        self, rooms: ClientRoom | Sequence[ClientRoom], on_event: Callable[[Event], None], draw: Callable[[], str]
    ) -> None:
        self.events = 0
        self.frames = 0
        self._rooms = [rooms] if isinstance(rooms, ClientRoom) else list(rooms)
        self._on_event = on_event
        self._draw = draw
        self._arrived: deque[Event] = deque()

    async def live(self, seconds: float = 30.0, until: Callable[[], bool] = lambda: False) -> None:
        """Follow the rooms for `seconds`, or until `until()` is true; then leave the last drawing."""
        screen = ipywidgets.HTML(self._draw())
        shown = show(screen, repr(self))
        reading = [background.spawn(self._read(room)) for room in self._rooms]
        ends = monotonic() + seconds
        try:
            while monotonic() < ends and not until():
                if self._take():
                    screen.value = self._draw()
                    self.frames += 1
                await asyncio.sleep(1 / FRAMES_PER_S)
            self._take()
        finally:
            for each in reading:
                each.cancel()
            if shown is not None:
                shown.update({"text/plain": repr(self)}, raw=True)
            # A display of its own, so that a check of the notebook compares the last drawing.
            display(HTML(self._draw()))  # type: ignore[no-untyped-call]
            screen.close()

    async def _read(self, room: ClientRoom) -> None:
        async for event in room:
            self._arrived.append(event)

    def _take(self) -> bool:
        """Handle all events that have arrived. Returns whether there were any."""
        has_events = bool(self._arrived)
        while self._arrived:
            self.events += 1
            self._on_event(self._arrived.popleft())
        return has_events

    def __repr__(self) -> str:
        return f"live view of {', '.join(room.room_id for room in self._rooms)}; final state:"
