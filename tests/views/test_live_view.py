"""A view that follows rooms: every event is handled once, on the notebook's thread, and the last drawing stays."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import labkit
from labkit.bench.launch.lab import Lab
from labkit.views import LiveView

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    InteractiveShell.instance()
    with Lab(name="live view", messages_per_s=None) as made:
        yield made


async def followed(view: LiveView, **how: Any) -> list[Any]:
    with capture_output() as captured:
        await view.live(**how)
    return captured.outputs


async def test_every_event_is_handled_once_in_order(lab: Lab) -> None:
    ana, ben = labkit.run(lab.client("ana")), labkit.run(lab.client("ben"))
    rooms = [labkit.run(ana.join(room)) for room in ("room:one", "room:two")]
    handled: list[tuple[str, int, threading.Thread]] = []
    view = LiveView(
        [labkit.run(ben.join(room)) for room in ("room:one", "room:two")],
        lambda event: handled.append((event["roomId"], event["seq"], threading.current_thread())),
        lambda: f"<b>{len(handled)}</b>",
    )

    async def talk() -> None:
        for number in range(60):
            await rooms[number % 2].chat(str(number))

    lab.spawn(talk())
    first, still, last = await followed(view, until=lambda: len(handled) == 60)
    for room in ("room:one", "room:two"):
        assert [seq for where, seq, _ in handled if where == room] == list(range(1, 31))
    assert {thread for _, _, thread in handled} == {threading.main_thread()}
    assert WIDGET in first.data and WIDGET not in still.data and still.update
    assert last.data["text/html"] == "<b>60</b>"
    assert view.frames <= 60  # it draws at most eight times a second, whatever comes


async def test_view_ends_after_its_time_or_interrupt(lab: Lab) -> None:
    room = labkit.run(labkit.run(lab.client("cleo")).join("room:quiet"))
    await followed(LiveView(room, lambda _: None, lambda: "nothing"), seconds=0.2)
    cell = asyncio.create_task(followed(LiveView(room, lambda _: None, lambda: "nothing"), seconds=60))
    await asyncio.sleep(0.2)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell


def test_repr_names_rooms(lab: Lab) -> None:
    room = labkit.run(labkit.run(lab.client("dan")).join("room:named"))
    assert repr(LiveView(room, lambda _: None, str)) == "live view of room:named; final state:"
