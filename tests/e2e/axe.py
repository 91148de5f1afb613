"""axe-core in a page of ours."""

import json

from playwright.sync_api import Page

from tests.e2e.need import NODE_MODULES, node_module

SERIOUS = ("serious", "critical")


def serious(page: Page, part: str | None = None) -> list[str]:
    """What axe-core finds serious or critical on the page as it is now, or in a part of it, by its selector."""
    node_module("axe-core")
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    where = "document" if part is None else json.dumps(part)
    found = page.evaluate(f"axe.run({where}, {{resultTypes: ['violations']}})")
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{one['id']} ({one['impact']}): {place['html'][:150]} {place['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for place in one["nodes"]
    ]
