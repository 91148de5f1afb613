"""The live panel: only new samples are sent, a picture replaces it, and its buttons work on any thread."""

import asyncio
import subprocess
import threading
from array import array
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.backends.backend_agg import FigureCanvasAgg

from labkit.samples import Store
from labkit.views import Chart, LivePanel
from labkit.views import live_panel as module

CHARTS = [Chart("round trip", "ms", "rtt ms: {}", ("ana", "ben")), Chart("buffer", "bytes", "bytes: {}", ("ana",))]
PNG = b"\x89PNG"
WIDGET = "application/vnd.jupyter.widget-view+json"


def filled() -> Store:
    store = Store()
    for number in range(10):
        store.add("rtt ms: ana", 1.0 + number, at=100.0 + number)
        store.add("bytes: ana", 64.0 * number, at=100.0 + number)
    return store


class Sent:
    """What the panel sent to its canvas."""

    def __init__(self, panel: LivePanel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[dict[str, Any], array[float]]] = []
        monkeypatch.setattr(panel._canvas, "send", self._send)

    def _send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.messages.append((message, array("f", b"".join(buffers))))


def test_frame_has_only_new_samples(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_frame_without_changes_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = LivePanel(filled(), CHARTS)
    sent = Sent(panel, monkeypatch)
    assert [panel.draw() for _ in range(5)] == [True, False, False, False, False]
    assert len(sent.messages) == panel.frames == 1


async def test_frames_stay_below_eight_per_second(monkeypatch: pytest.MonkeyPatch) -> None:
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
async def test_picture_replaces_widget() -> None:
    panel = LivePanel(filled(), CHARTS)
    live, still = await shown(panel)
    assert WIDGET in live and not live["update"]
    assert WIDGET not in still and still["update"]
    assert b64decode(still["image/png"]).startswith(PNG)
    assert live["text/plain"] == still["text/plain"] == repr(panel)
    assert panel.widget.comm is None


@pytest.mark.usefixtures("shell")
async def test_cell_can_run_again() -> None:
    panel = LivePanel(filled(), CHARTS)
    first, _ = await shown(panel)
    frames = panel.frames
    second, still = await shown(panel)
    assert first[WIDGET]["model_id"] != second[WIDGET]["model_id"]
    assert panel.frames > frames
    assert still["update"] and panel.widget.comm is None


@pytest.mark.usefixtures("shell")
async def test_picture_remains_when_cell_is_interrupted() -> None:
    panel = LivePanel(filled(), CHARTS)
    cell = asyncio.create_task(shown(panel, seconds=60))
    await asyncio.sleep(0.2)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert panel.widget.comm is None


@pytest.mark.usefixtures("shell")
async def test_picture_shows_only_samples_taken_while_live() -> None:
    """Minutes of earlier samples must not squeeze the ten seconds that the text describes."""
    store = filled()
    panel = LivePanel(store, CHARTS)
    cell = asyncio.create_task(shown(panel, seconds=0.2))
    await asyncio.sleep(0.05)
    store.add("rtt ms: ana", 70.0)
    await cell
    store.add("rtt ms: ana", 99.0)
    assert list(panel.window("rtt ms: ana").values) == [70.0]
    assert list(panel.freeze().axes[0].lines[0].get_ydata()) == [70.0]
    first, *others = panel.text().splitlines()
    assert first == "round trip (ms), ana: median 70, highest 70, last 70"
    assert others == ["round trip (ms), ben: nothing yet", "buffer (bytes), ana: nothing yet"]


async def test_live_ends_when_condition_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = LivePanel(filled(), CHARTS)
    Sent(panel, monkeypatch)
    asked: list[bool] = []

    def third_time() -> bool:
        asked.append(True)
        return len(asked) == 3

    async with asyncio.timeout(20):
        await panel.live(seconds=60, until=third_time)
    assert len(asked) == 3


def test_repr_is_same_in_every_run() -> None:
    assert repr(LivePanel(filled(), CHARTS)) == "<live panel: round trip in ms of ana, ben; buffer in bytes of ana>"
    assert repr(LivePanel(Store(), CHARTS)) == repr(LivePanel(filled(), CHARTS))


def test_text_matches_chart() -> None:
    """The median of an even number of values is the mean of the two in the middle."""
    assert LivePanel(filled(), CHARTS).text().splitlines() == [
        "round trip (ms), ana: median 5.5, highest 10, last 10",
        "round trip (ms), ben: nothing yet",
        "buffer (bytes), ana: median 288, highest 576, last 576",
    ]


def test_text_says_where_line_fell_and_ended() -> None:
    """Median and maximum alone are equal for a line that stays 1 and one that falls to 0."""
    store = filled()
    for at, value in ((100.0, 1.0), (101.0, 1.0), (108.5, 0.0)):
        store.add("rtt ms: ben", value, at=at)
    assert LivePanel(store, CHARTS).text().splitlines()[1].endswith("ben: median 1, highest 1, last 0")
    store.add("bytes: ana", 0.0, at=112.0)
    _, ended, fell = LivePanel(store, CHARTS).text().splitlines()
    assert ended.endswith("ben: median 1, highest 1, last 0 (after 8.5 s of 12.0)")
    assert fell.endswith("highest 576, last 0")


def test_frozen_figure_has_lines_and_titles() -> None:
    figure = LivePanel(filled(), CHARTS).freeze()
    assert [len(ax.lines) for ax in figure.axes] == [2, 1]
    assert [ax.get_ylabel() for ax in figure.axes] == ["round trip\n(ms)", "buffer\n(bytes)"]
    assert list(figure.axes[0].lines[0].get_ydata()) == [1.0 + number for number in range(10)]


LONG = ("WebSocket", "server-sent events", "polling every 0.5 s", "reload every 1.5 s")


@pytest.mark.parametrize("lines", [("ana", "ben", "cleo", "dan"), LONG], ids=["short", "long"])
def test_legend_stays_inside_chart_above_lines(lines: tuple[str, ...]) -> None:
    store = Store()
    for line in lines:
        store.add(f"rtt ms: {line}", 1000.0, at=100.0)
    figure = LivePanel(store, [Chart("round trip", "ms", "rtt ms: {}", lines)]).freeze()
    FigureCanvasAgg(figure).draw()
    ax = figure.axes[0]
    legend, frame = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert frame.x0 <= legend.x0 and legend.x1 <= frame.x1
    assert ax.transData.inverted().transform((0, legend.y0))[1] > 1000


def test_axis_numbers_are_plain_and_zero_is_visible() -> None:
    store = Store()
    store.add("bytes: ana", 1_500_000.0, at=100.0)
    ax = LivePanel(store, CHARTS).freeze().axes[1]
    assert [ax.yaxis.get_major_formatter()(x) for x in (0.5, 1_000_000)] == ["0.5", "1,000,000"]
    assert ax.get_ylim()[0] < 0


def test_hole_for_missing_time_but_not_for_buffer() -> None:
    """A dead server sends no replies, so no line may connect its last reply with the next server's first."""
    store = Store()
    for at in (100.0, 100.25, 100.5, 103.0, 103.25):
        store.add("rtt ms: ana", 1.0, at=at)
        store.add("bytes: ana", 1.0, at=at)
    trips, bytes_held = (ax.lines[0].get_ydata() for ax in LivePanel(store, CHARTS).freeze().axes)
    assert [value == value for value in trips] == [True, True, True, False, True, True]
    assert list(bytes_held) == [1.0] * 5


async def in_this_loop(button: Any) -> None:
    button.click()


async def in_a_thread(button: Any) -> None:
    thread = threading.Thread(target=button.click)
    thread.start()
    thread.join()


@pytest.mark.parametrize("place", [in_this_loop, in_a_thread], ids=["kernel_loop", "subshell_thread"])
async def test_button_works_on_background_loop(place: Any) -> None:
    done: list[object] = []
    came = threading.Event()

    async def work() -> None:
        done.append(asyncio.get_running_loop())
        came.set()

    panel = LivePanel(Store(), CHARTS, {"work": work})
    await place(panel._buttons[0])
    assert await asyncio.to_thread(came.wait, 5)
    assert done == [module.background.loop()]


async def test_button_failure_is_seen_by_health() -> None:
    async def fail() -> None:
        raise LookupError("planted in a button")

    module.background.forget_deaths()
    panel = LivePanel(Store(), CHARTS, {"fail": fail})
    panel._buttons[0].click()
    await asyncio.sleep(0.2)
    assert any("planted in a button" in death for death in module.background.deaths())
    module.background.forget_deaths()


@pytest.mark.e2e
def test_unit_naming_a_value_is_not_appended(tmp_path: Path) -> None:
    (tmp_path / "panel.mjs").write_text(module.inlined(module.HERE / "live_panel.js"))
    shown = "[[1, '1: yes'], [0, '1: yes'], [31.6228, 'ms'], [123456, 'bytes']].map((pair) => inUnit(...pair)).join()"
    script = f"import {{ inUnit }} from './panel.mjs'; console.log({shown})"
    done = subprocess.run(["node", "--input-type=module", "-e", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "yes,no,31.6 ms,123,456 bytes\n"


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(("store", "why"), [(Store(), "If the lab was restarted"), (filled(), "still connected?")])
async def test_panel_empty_says_why(store: Store, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is live, and in the picture that remains."""
    monkeypatch.setattr(module, "SILENT_S", 0.1)
    panel = LivePanel(store, CHARTS)
    sent = Sent(panel, monkeypatch)
    await shown(panel)
    (why_shown,) = [message["why"] for message, _ in sent.messages if "why" in message]
    assert why_shown.startswith("Nothing was measured here: ") and why in why_shown and "ana, ben" in why_shown
    (written,) = [text.get_text() for text in panel.freeze().texts]
    assert " ".join(written.split()) == why_shown


@pytest.mark.usefixtures("shell")
async def test_panel_with_samples_gives_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENT_S", 0.1)
    store = filled()
    panel = LivePanel(store, CHARTS)
    sent = Sent(panel, monkeypatch)
    cell = asyncio.create_task(shown(panel))
    await asyncio.sleep(0.05)
    store.add("rtt ms: ana", 7.0)
    await cell
    assert not [message for message, _ in sent.messages if "why" in message]
    assert not panel.freeze().texts
