"""The still pictures of experiments in Chromium, light and dark: nothing that a reader cannot tell apart or read."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from labkit.views.play import player
from tests.bench.play.recordings import killed, slow
from tests.e2e.axe import serious
from tests.views.play.test_disk_pictures import full
from tests.views.play.test_history_pictures import away
from tests.views.play.test_talk_picture import made

PAGE = """<!doctype html><html lang="en"><title>experiments</title><style>
:root {{ --jp-ui-font-color1: {ink}; --jp-layout-color0: {paper}; }} body {{ background: {paper}; color: {ink}; }}
</style><main>{pictures}</main>"""


@pytest.mark.parametrize(("ink", "paper"), [("#212121", "#ffffff"), ("#ffffff", "#111111")])
@pytest.mark.parametrize("width", [900, 1280])
def test_pictures_are_legible(chromium: Browser, tmp_path: Path, ink: str, paper: str, width: int) -> None:
    runs = (slow(), killed(), full(), away(), made())
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.set_content(
        PAGE.format(ink=ink, paper=paper, pictures="".join(player.still(run)["text/html"] for run in runs))
    )
    page.screenshot(path=tmp_path / "pictures.png", full_page=True)
    assert page.locator(".labkit-play > svg").count() == len(runs)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    page.close()
