"""The picture at the top of the README, from a real run: a member's network stops, and the server closes it in time.

python -m tests.moving_picture        # on a quiet machine; needs Chromium; writes docs/slow_reader.webp
"""

import asyncio
import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

import labkit
from labkit.bench.play.actions import freeze, heal
from labkit.bench.play.recording import Recording
from labkit.text.html import fill
from labkit.views.play.player import CSS, HEIGHT, frame
from labkit.views.play.shapes import WIDTH, svg
from tests.e2e.need import CHROMIUM_ARGS, ROOT, chromium_path

PICTURE = ROOT / "docs" / "slow_reader.webp"
MOST_BYTES = 2_000_000
PER_S = 5
STAYS_MS = 2_500  # on the close, and at the end
PAGE = '<style>body {{ margin: 12px; background: white }} {}</style><div class="labkit-play">{}</div>'


def played() -> Recording:
    """Play the experiment of notebook 06, with real sockets."""
    lab = labkit.Lab(messages_per_s=None, ping_interval_s=2, outbox_age_s=2).start()
    try:
        at = {1.5: freeze("ben"), 9: heal("ben")}
        return asyncio.run(lab.play(members=10, rate=150, at=at, seconds=12))
    finally:
        lab.stop()


def images(run: Recording) -> list[Image.Image]:
    """Draw each moment in Chromium."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": WIDTH + 24, "height": round(HEIGHT) + 24})
        for number in range(int(run.now * PER_S) + 1):
            page.set_content(str(fill(PAGE, CSS, svg(frame(run, number / PER_S), HEIGHT, str(run.plan)))))
            found.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        browser.close()
    return found


def save(run: Recording, path: Path) -> None:
    """Write the animation; it stays on the close and at the end."""
    first, *others = images(run)
    shown_ms = [1000 // PER_S] * (1 + len(others))
    for at in (round(run.closes[0].at * PER_S) + 1, -1):
        shown_ms[at] = STAYS_MS
    more: dict[str, Any] = {"append_images": others, "duration": shown_ms, "quality": 60, "method": 6}
    first.save(path, save_all=True, loop=0, minimize_size=True, **more)
    assert path.stat().st_size < MOST_BYTES, f"{path.stat().st_size:,} bytes"


if __name__ == "__main__":
    save(played(), PICTURE)
