"""Rows 6 and 17 in a browser: pages behind a proxy under a path, /watch without operators, units beside names."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.black_box.kit import Kit
from tests.black_box.test_clocks_and_locks import code_on_slip
from tests.e2e.need import chromium_path
from tests.e2e.prefix import Prefixed

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-proxy-server"]


@pytest.fixture
def page() -> Iterator[Any]:
    """A page in Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def visit(page: Any, kit: Kit, path: str, fields: dict[str, str], press: str) -> list[str]:
    """Use a page under the prefix; return what it asked for beside it."""
    server = kit.serve(env={"OPS_TOKEN": "ops-secret-ops-secret"}) if path != "/board" else kit.school(names=("ana",))
    if path == "/board":
        fields = {"#code": code_on_slip(kit, "instructor")}
    with Prefixed(server.port) as proxied:
        page.goto(proxied.url + path)
        for field, text in fields.items():
            page.fill(field, text)
        page.press(press, "Enter") if path == "/board" else page.click(press)
        page.wait_for_timeout(2500)
    return proxied.outside


@pytest.mark.parametrize(
    ("path", "fields", "press"),
    [
        ("/", {"#token": "dev-token", "#room": "room:demo"}, "#connect"),
        ("/watch", {"#bearer": "ops-secret-ops-secret"}, "#start"),
        ("/board", {}, "#code"),
    ],
)
def test_page_under_a_prefix_asks_for_nothing_beside_it(
    path: str, fields: dict[str, str], press: str, kit: Kit, page: Any
) -> None:
    assert visit(page, kit, path, fields, press) == []


def test_watch_without_operators_says_how_to_have_them(kit: Kit, page: Any) -> None:
    server = kit.start("serve", "--port", "0")
    page.goto(f"http://localhost:{server.port}/watch")
    page.wait_for_timeout(500)
    with contextlib.suppress(Exception):  # where the page asks for a token first
        page.fill("#bearer", "something-anything", timeout=1000)
        page.click("#start", timeout=1000)
    page.wait_for_timeout(1500)
    text = page.inner_text("body")
    assert re.search(r"OPS_TOKEN=|(?:start|set|restart)[^\n]*OPS_TOKEN", text), text


PANEL = """<div id=el></div><script type=module>
  const module = await import(URL.createObjectURL(new Blob([CODE], {type: "text/javascript"})));
  const charts = [{title: "connected", unit: "1: yes", lines: ["dan"], colors: ["red"]}], kept = {charts, seconds: 12};
  let receive;
  const model = {get: (name) => kept[name], on: (_, to) => { receive = to; }, off() {}};
  module.default.render({model, el: document.getElementById("el")});
  receive({now: 1, counts: [2]}, [new DataView(new Float32Array([0.9, 1, 1, 1]).buffer)]);
</script>"""
SHOWN = "/dan.*(1|yes)/s.test(document.getElementById('el').innerText.split('yes)').pop())"


def test_unit_is_not_glued_to_a_name(kit: Kit, page: Any) -> None:
    code = kit.python("from labkit.views.live_panel import Canvas; print(Canvas._esm)").stdout
    page.set_content(PANEL.replace("CODE", json.dumps(code).replace("</", "<\\/")))
    page.wait_for_function(SHOWN, timeout=60000)
    assert "1 1: yes" not in " ".join(page.inner_text("#el").split())
