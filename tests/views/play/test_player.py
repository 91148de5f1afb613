"""The player: frames are changes, the widget is gone when the cell ends, and what is saved can be compared."""

import asyncio
import json
import re
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from labkit.bench.play.recording import Recording
from labkit.views.play import player
from labkit.views.play.player import Player, Projection
from tests.bench.play.recordings import CLOSED_AT, calm, slow
from tests.e2e.need import node_path

ROOT = Path(__file__).parents[3]
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def _shell() -> InteractiveShell:
    return InteractiveShell.instance()


def sanitized(html: str) -> str:
    """What nbval compares of an output."""
    rules = RawConfigParser()
    rules.read(ROOT / "tests/nbval_sanitize.cfg")
    for name in rules.sections():
        html = re.sub(rules.get(name, "regex"), rules.get(name, "replace"), html)
    return html


def sent(projection: Projection, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(projection.screen, "send", messages.append)
    return messages


async def watched(run: Recording, seconds: float) -> list[dict[str, Any]]:
    async def end() -> None:
        await asyncio.sleep(seconds)
        run.is_over = True

    with capture_output() as captured:
        await asyncio.gather(Player().watch(run), end())
    return [{**output.data, "update": output.update} for output in captured.outputs]


def test_frame_is_sent_only_if_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    projection = Projection(slow())
    messages = sent(projection, monkeypatch)
    projection.draw(CLOSED_AT)
    projection.draw(CLOSED_AT)
    assert len(messages) == projection.frames == 1
    assert messages[0]["words"] == "ben closed: 1013 slow \u2013 age limit reached; 98 kB freed"


def test_frame_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    projection = Projection(slow())
    messages = sent(projection, monkeypatch)
    for number in range(1, 12 * 8):
        projection.draw(number / 8)
    assert max(len(json.dumps(message)) for message in messages[1:]) < 16_000


def test_slider_draws_its_time_and_a_new_screen_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    projection = Projection(slow(), 12.0)
    messages = sent(projection, monkeypatch)
    for content in ({"at": 6}, {"at": -5}, {"at": 99}, {"ready": True}):
        projection._asked(None, content, [])
    clocks = [next(row[3] for row in message["set"] if row[0] == "clock") for message in messages]
    assert clocks == ["6.0 s", "0.0 s", "12.0 s", "12.0 s"]
    assert len(messages[-1]["set"]) == len(player.frame(slow(), 12.0))


@pytest.mark.usefixtures("_shell")
async def test_film_strip_replaces_the_widget() -> None:
    live, text, still = await watched(slow(is_over=False), 0.3)
    assert WIDGET in live and not live["update"]
    assert WIDGET not in text and text["update"]
    assert live["text/plain"] == text["text/plain"]
    assert still["text/html"].startswith('<div class="labkit-play"')
    assert WIDGET not in still


@pytest.mark.usefixtures("_shell")
async def test_film_strip_remains_when_the_cell_is_interrupted() -> None:
    with capture_output() as captured:
        watching = asyncio.ensure_future(Player().watch(slow(is_over=False)))
        await asyncio.sleep(0.2)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
    assert "text/html" in captured.outputs[-1].data


@pytest.mark.usefixtures("_shell")
async def test_frames_stay_below_eight_per_second(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    monkeypatch.setattr(Projection, "draw", lambda _, at: drawn.append(at))
    await watched(slow(is_over=False), 1.0)
    assert 1 <= len(drawn) <= 9


def test_saved_picture_compares_the_story_and_nothing_measured() -> None:
    later = slow()
    later.samples["ben"] = [each._replace(outbox_bytes=each.outbox_bytes + 7000) for each in later.samples["ben"]]
    one, other = player.still(slow()), player.still(later)
    assert one["text/html"] != other["text/html"]
    assert sanitized(one["text/html"]) == sanitized(other["text/html"])
    assert one["text/plain"] == other["text/plain"]
    assert sanitized(player.still(calm())["text/html"]) != sanitized(one["text/html"])


def test_saved_picture_has_its_text_and_no_script() -> None:
    html = player.still(slow())["text/html"]
    assert "just before the age limit: outbox 95 kB" in html
    assert "<script" not in html


def test_result_of_a_cell_is_the_picture() -> None:
    assert "film" not in player.comparison(calm().compare(slow()))
    assert "before: the fullest outbox" in player.comparison(calm().compare(slow()))


def test_changes_reach_the_browsers_elements(tmp_path: Path) -> None:
    (tmp_path / "play.mjs").write_text((player.HERE / "play.js").read_text())
    script = """
    const made = (key) => ({ key, dataset: { key }, attributes: {}, textContent: "", isGone: false,
      setAttribute(name, value) { this.attributes[name] = value; }, remove() { this.isGone = true; },
      append() {}, addEventListener() {} });
    const old = made("old"), moved = made("moved"), added = [];
    globalThis.document = { createElement: () => made(), createElementNS: () => made() };
    const svg = { querySelectorAll: () => [old, moved], appendChild: (each) => (added.push(each), each) };
    const el = { classList: { add() {} }, querySelector: () => svg, append(each) { this.status = each; } };
    let receive;
    const model = { get: (name) => (name === "svg" ? "" : 0), on: (_, heard) => (receive = heard), send() {} };
    const { default: screen } = await import("./play.mjs");
    screen.render({ model, el });
    receive({ set: [["moved", "rect", { y: "5" }, ""], ["new", "text", { x: "1" }, "hi"]], gone: ["old"], words: "w" });
    receive({ set: [["new", "text", { x: "2" }, "ho"]], gone: [], words: "w" });
    console.log(JSON.stringify([old.isGone, moved.attributes.y, added.length, added[0].attributes.x,
      added[0].textContent, el.status.textContent]));
    """
    done = subprocess.run(
        [node_path(), "--input-type=module", "-e", script],
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout or "null") == [True, "5", 1, "2", "ho", "w"], done.stderr
