"""The cheat sheet in Chromium: one page of A4, readable, accessible."""

import re
from pathlib import Path

from playwright.sync_api import Browser

from labkit.brief.sheet import sheet
from tests.e2e.axe import serious


def test_prints_on_one_page(chromium: Browser, tmp_path: Path) -> None:
    page = chromium.new_page()
    page.set_content(sheet())
    printed = page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert serious(page) == []
    page.screenshot(path=tmp_path / "sheet.png", full_page=True)
    page.close()
