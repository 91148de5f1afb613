"""The dots of a storm in Chromium: the module alone, with a model that sends what the kernel would send."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import labkit
from labkit.views import storm_dots
from labkit.views.storm_dots import StormDots
from tests.e2e.axe import serious

PAGE = """<!doctype html><html lang="en"><title>dots</title><style>{css}</style><main id="here"></main>
<script type="module">{module}
const buffers = {buffers}.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
const model = {{
  get: () => ({plan}),
  on: (_, receive) => (model.receive = receive),
  off: () => {{}},
  send: () => setTimeout(() => model.receive({{ plays: true }}, buffers)),
}};
window.stop = render({{ model, el: document.getElementById("here") }});
const [words, clock] = ["figcaption", ".clock"].map((name) => document.querySelector(name));
window.seen = [[clock.textContent, words.textContent]];
const note = () => window.seen.push([clock.textContent, words.textContent]);
new MutationObserver(note).observe(words, {{ childList: true }});
</script>"""


def opened(chromium: Browser, dots: StormDots, seconds: float, **options: Any) -> Page:
    """A page on which the dots play."""
    page = chromium.new_page(**options)
    here = Path(storm_dots.__file__).parent
    module = (here / "storm_dots.js").read_text(encoding="utf-8").replace("export default { render };", "")
    buffers = [base64.b64encode(data).decode() for data in dots._buffers()]
    page.set_content(
        PAGE.format(css=(here / "storm_dots.css").read_text(encoding="utf-8"), module=module, buffers=buffers,
                    plan=dots._plan(seconds))
    )  # fmt: skip
    return page


@pytest.fixture(scope="module")
def dots() -> StormDots:
    return StormDots(labkit.storm(policy=["article", "ours"], clients=2000, handshakes_per_s=200))


def test_dots_fall_and_come_back(chromium: Browser, dots: StormDots, tmp_path: Path) -> None:
    page = opened(chromium, dots, 3)
    page.wait_for_function("window.seen.length > 4")
    page.screenshot(path=tmp_path / "storm.png")
    expect(page.locator("figcaption")).to_have_text(
        ["article: 2,000 of 2,000 back, 0 connecting", "ours: 2,000 of 2,000 back, 0 connecting"]
    )
    captions = [words for _, words in page.evaluate("window.seen")]
    assert captions[0] == "article: 0 of 2,000 back, 0 connecting"
    assert any(not words.endswith(" 0 connecting") for words in captions)
    pixel = page.evaluate("[...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 1, 1).data]")
    plan = dots._plan(3)["storms"][0]
    assert "#" + "".join(f"{part:02x}" for part in pixel[:3]) == plan["color"]
    assert pixel[3] == 255
    assert page.locator(".clock").inner_text() == f"{dots.moments[-1]:.1f} s"
    assert serious(page, "main") == []
    page.close()


def test_reduced_motion_shows_the_moments_alone(chromium: Browser, dots: StormDots) -> None:
    page = opened(chromium, dots, 2, reduced_motion="reduce")
    expect(page.locator(".clock")).to_have_text(f"{dots.moments[-1]:.1f} s")
    assert {clock for clock, _ in page.evaluate("window.seen")} <= {f"{at:.1f} s" for at in dots.moments}
    page.close()
