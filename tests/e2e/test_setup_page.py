"""The page at `/setup` in Chromium: three steps for each system, with the class's address and fingerprint in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from labkit.classroom.pack.offering import PINNED
from tests.classroom.pack.small import PYTHON, here, small_pack
from tests.classroom.pack.test_offering import Offer, offered
from tests.e2e.axe import serious
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.visitors import PHONE, Visit, overhang, visitors

DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def offer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offer]:
    folder = tmp_path_factory.mktemp("class")
    with offered(small_pack(folder / "pack"), folder, "--tls") as offer:
        yield offer


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    with visitors(chromium, trusts_anyone=True) as visit:
        yield visit


def opened(visit: Visit, offer: Offer, **options: object) -> Page:
    page = visit(f"https://{offer.address}/setup", **options)
    expect(page.locator("#steps")).to_be_visible()
    return page


def test_each_system_has_its_three_commands(visit: Visit, offer: Offer) -> None:
    page = opened(visit, offer)
    expect(page.locator("#fingerprint")).to_have_text(offer.fingerprint)
    program = f'-c "{PINNED}" {offer.address} {offer.fingerprint}'
    for system, python, labkit in (
        ("Windows", "py", "labkit-class\\venv\\Scripts\\labkit lab"),
        ("macOS", "python3", "labkit-class/venv/bin/labkit lab"),
        ("Linux", "python3", "labkit-class/venv/bin/labkit lab"),
    ):
        page.get_by_label(system).check()
        commands = page.locator(".command pre").all_inner_texts()
        assert commands == [f"{python} --version", f"{python} {program}", labkit]
    page.get_by_label({"linux": "Linux", "macos": "macOS", "windows": "Windows"}[here().system]).check()  # type: ignore[attr-defined]
    expect(page.locator("#versions")).to_have_text(f"Python {PYTHON}")


def test_copied_command_is_the_one_on_the_page(visit: Visit, offer: Offer) -> None:
    page = opened(visit, offer)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy: 2. Install")
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#install pre").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_accessible_and_fits(visit: Visit, offer: Offer, scheme: str, size: dict[str, int]) -> None:
    page = opened(visit, offer, scheme=scheme, size=size)
    assert serious(page) == []
    assert overhang(page) <= 0


def test_server_without_a_pack_says_so(chromium: Browser, tmp_path: Path) -> None:
    with Schoolhouse(tmp_path, ["ana"]) as school, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{school.url}/setup")
        expect(page.locator("#notice")).to_contain_text("offers no set-up")
        expect(page.locator("#steps")).to_be_hidden()
