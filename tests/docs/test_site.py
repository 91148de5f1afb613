"""The site that `make docs` builds: quick parts here, the whole of it in `make matrix`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

sys.path.insert(0, str(ROOT / "docs"))

from site_from_code import front_door, layers, modules, picture, readable

# Enough for a minute's work: the pages, one notebook, one exercise, one list of modules.
LEFT_OUT = "notebooks/0[1-9]*,notebooks/1*,exercises/0[3-9]*,exercises/10*,docs/api/[bcfrw]*,.*,tests/**"


def build(out: Path, builder: str, *options: str) -> None:
    """Run Sphinx with its warnings as errors."""
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-W", "-q", "-c", "docs", "-d", str(out / "trees")]
    done = subprocess.run(
        [*command, *options, ".", str(out / "site")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_pages_build_without_a_warning(tmp_path: Path) -> None:
    """Every page of the repository, with a notebook, an exercise and a module."""
    hidden = "suppress_warnings=myst.xref_missing,toc.excluded,toc.not_readable,myst.header,misc.highlighting_failure"
    build(tmp_path, "html", "-D", f"exclude_patterns={LEFT_OUT}", "-D", hidden)
    site = tmp_path / "site"
    assert 'class="layers"' in (site / "docs/architecture.html").read_text(encoding="utf-8")
    assert "labkit.samples.Store" in (site / "docs/api/samples.html").read_text(encoding="utf-8")
    assert "data:image/png" in (site / "notebooks/00_start_here.html").read_text(encoding="utf-8") or list(
        site.glob("_images/*.png")
    )


@pytest.mark.matrix
def test_whole_site_builds_and_asks_no_other_host(tmp_path: Path) -> None:
    """No warning, no broken link, and every script, style and font is in the site itself."""
    build(tmp_path, "html")
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text, page
        assert '<link rel="stylesheet" type="text/css" href="http' not in text, page


def test_picture_has_every_layer() -> None:
    """A box for each package of the contract, and an arrow between each two layers."""
    drawn = picture()
    assert drawn.count("<rect") == sum(map(len, layers()))
    assert drawn.count("<path") == len(layers()) - 1
    assert ">rules</text>" in drawn


def test_api_lists_every_package_below_the_notebooks() -> None:
    """Each package that a program may import has a page; programs and planted faults have none."""
    without = {"__main__", "cli", "commands", "views", "broken", "broken_clients", "brokers"}
    pages = {path.stem for path in (ROOT / "docs/api").glob("*.md")} - {"index"}
    assert pages == {name for row in layers() for name in row} - without
    assert "labkit.rules.limits" in modules("labkit.rules")
    assert "labkit.wire.client.client" in modules("labkit.wire")


def test_front_door_leads_to_definitions() -> None:
    """Every public name with the place where it is documented."""
    assert "| `labkit.connect` | {py:class}`labkit.wire.client.client.Client` |" in front_door()


def test_docstring_becomes_text_that_shows_as_written() -> None:
    """Marks are escaped, code stays code, and indented lines stay as they are."""
    lines = ["A *star* and `code`.", "", "    a --> b", "", "More."]
    readable(None, "", "", None, None, lines)
    assert lines == [
        r"A \*star\* and ``code``.",
        "",
        *("", "::", "", "       a --> b"),
        "",
        *("", "More.", ""),
    ]
