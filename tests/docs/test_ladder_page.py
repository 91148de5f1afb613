"""The tables of docs/ladder.md are those of the ladders."""

import pytest

from labkit.ladder.rungs import Language, ladder
from tests.docs.pages import ROOT, section, table


@pytest.mark.parametrize(("language", "title"), [("node", "In Node"), ("python", "In Python")])
def test_page_lists_every_patch_with_its_findings(language: Language, title: str) -> None:
    rungs = ladder(language).rungs
    rows = [[one.name.removesuffix(".diff"), ", ".join(one.findings), str(len(rungs) - one.number)] for one in rungs]
    page = (ROOT / "docs/ladder.md").read_text(encoding="utf-8")
    assert table(section(page, title), "patch") == [["(the first draft)", "", str(len(rungs))], *rows]
