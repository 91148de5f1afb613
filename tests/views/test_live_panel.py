"""The live panel: only news travels, a picture takes its place, and its buttons work wherever they are called."""

import asyncio
import threading
from array import array
from base64 import b64decode
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from labkit.metrics import Store
from labkit.views import Chart, LivePanel
from labkit.views import live_panel as module

CHARTS = [Chart("round trip", "ms", "rtt ms: {}", ("ana", "ben")), Chart("buffer", "bytes", "bytes: {}", ("ana",))]
pytestmark = pytest.mark.anyio
PNG = b"\x89PNG"
WIDGET = "application/vnd.jupyter.widget-view+json"


def filled() -> Store:
    store = Store()
    for number in range(10):
        store.add("rtt ms: ana", 1.0 + number, at=100.0 + number)
        store.add("bytes: ana", 64.0 * number, at=100.0 + number)
    return store


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Sent:
    """What the panel sent to its canvas."""

    def __init__(self, panel: LivePanel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[dict[str, Any], array[float]]] = []
        monkeypatch.setattr(panel._canvas, "send", self._send)

    def _send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.messages.append((message, array("f", b"".join(buffers))))


def test_a_frame_holds_what_is_new_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled()
    panel = LivePanel(store, CHARTS)
    sent = Sent(panel, monkeypatch)
    assert panel.draw()
    store.add("rtt ms: ben", 7.5, at=120.0)
    assert panel.draw()
    first, second = sent.messages
    assert first[0]["counts"] == [10, 0, 10]
    assert list(first[1][1:20:2]) == [1.0 + number for number in range(10)]
    assert second[0]["counts"] == [0, 1, 0]
    assert second[1][1] == 7.5


def test_nothing_travels_when_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = LivePanel(filled(), CHARTS)
    sent = Sent(panel, monkeypatch)
    assert [panel.draw() for _ in range(5)] == [True, False, False, False, False]
    assert len(sent.messages) == panel.frames == 1


async def test_frames_stay_below_eight_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled()
    panel = LivePanel(store, CHARTS)
    Sent(panel, monkeypatch)
    stop = threading.Event()

    def feed() -> None:
        while not stop.wait(0.002):
            store.add("rtt ms: ana", 1.0)

    feeder = threading.Thread(target=feed)
    feeder.start()
    await panel.live(seconds=1.5)
    stop.set()
    feeder.join()
    assert 2 <= panel.frames <= 13


@pytest.fixture
def shell() -> InteractiveShell:
    return InteractiveShell.instance()


async def shown(panel: LivePanel, seconds: float = 0.3) -> list[dict[str, Any]]:
    with capture_output() as captured:
        await panel.live(seconds)
    return [{**output.data, "update": output.update} for output in captured.outputs]


@pytest.mark.usefixtures("shell")
async def test_a_picture_takes_the_place_of_the_widget() -> None:
    panel = LivePanel(filled(), CHARTS)
    live, still = await shown(panel)
    assert WIDGET in live and not live["update"]
    assert WIDGET not in still and still["update"]
    assert b64decode(still["image/png"]).startswith(PNG)
    assert live["text/plain"] == still["text/plain"] == repr(panel)
    assert panel.widget.comm is None


@pytest.mark.usefixtures("shell")
async def test_the_picture_comes_also_when_the_cell_is_interrupted() -> None:
    panel = LivePanel(filled(), CHARTS)
    cell = asyncio.create_task(shown(panel, seconds=60))
    await asyncio.sleep(0.2)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert panel.widget.comm is None


def test_its_text_is_the_same_in_every_run() -> None:
    assert repr(LivePanel(filled(), CHARTS)) == "<live panel: round trip in ms of ana, ben; buffer in bytes of ana>"
    assert repr(LivePanel(Store(), CHARTS)) == repr(LivePanel(filled(), CHARTS))


def test_the_words_say_what_the_chart_shows() -> None:
    text = LivePanel(filled(), CHARTS).text()
    assert text == (
        "round trip (ms): ana median 6, highest 10, ben nothing yet. buffer (bytes): ana median 320, highest 576."
    )


def test_the_frozen_figure_has_a_line_a_series_and_a_title_a_chart() -> None:
    figure = LivePanel(filled(), CHARTS).freeze()
    assert [len(ax.lines) for ax in figure.axes] == [2, 1]
    assert [ax.get_ylabel() for ax in figure.axes] == ["round trip\n(ms)", "buffer\n(bytes)"]
    assert list(figure.axes[0].lines[0].get_ydata()) == [1.0 + number for number in range(10)]


async def in_this_loop(button: Any) -> None:
    button.click()


async def in_a_thread(button: Any) -> None:
    thread = threading.Thread(target=button.click)
    thread.start()
    thread.join()


@pytest.mark.parametrize("place", [in_this_loop, in_a_thread], ids=["kernel_loop", "subshell_thread"])
async def test_a_button_does_its_work_on_the_background_loop(place: Any) -> None:
    done: list[object] = []
    came = threading.Event()

    async def work() -> None:
        done.append(asyncio.get_running_loop())
        came.set()

    panel = LivePanel(Store(), CHARTS, {"work": work})
    await place(panel._buttons[0])
    assert await asyncio.to_thread(came.wait, 5)
    assert done == [module.background.loop()]


async def test_a_button_that_fails_is_seen_by_health() -> None:
    async def fail() -> None:
        raise LookupError("planted in a button")

    module.background.forget_deaths()
    panel = LivePanel(Store(), CHARTS, {"fail": fail})
    panel._buttons[0].click()
    await asyncio.sleep(0.2)
    assert any("planted in a button" in death for death in module.background.deaths())
    module.background.forget_deaths()
