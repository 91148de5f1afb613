"""The table of a duel: medians per language and prompt, and the table of docs/duel.md."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from labkit.duel import table
from labkit.duel.drafts import Draft, recorded
from labkit.duel.judging import judge
from tests.e2e.need import NODE_MODULES, node_module, node_path

DOC = Path(__file__).parents[2] / "docs/duel.md"


def draft(folder: Path, number: int, seconds: float | None) -> Draft:
    """A draft that was made in so many seconds."""
    place = folder / f"bare-{number}"
    place.mkdir()
    (place / "made.json").write_text(json.dumps({} if seconds is None else {"seconds": seconds}))
    return Draft(place, "python", "bare", number)


def reviewed(p0: int, p1: int, lines: int, outcome: str = "reviewed") -> dict[str, Any]:
    """A review with these faults."""
    summary = {"held": 30 - p0 - p1, "broken": p0 + p1, "unknown": 3}
    return {"outcome": outcome, "P0": p0, "P1": p1, "P2": 0, "lines": lines, "summary": summary}


def test_row_has_the_medians_and_every_number(tmp_path: Path) -> None:
    """A draft that did not start counts among the drafts, and not as one without faults."""
    found = [
        (draft(tmp_path, 1, 10), reviewed(3, 1, 100)),
        (draft(tmp_path, 2, 30), reviewed(0, 0, 200, "not started")),
        (draft(tmp_path, 3, None), reviewed(1, 2, 300)),
    ]
    (row,) = table.rows(found)
    assert row.cells == ["python", "bare", "3", "2", "30", "2 (3, -, 1)", "1.5 (1, -, 2)", "0 (0, -, 0)", "200", "20"]
    assert row.json()["median"] == {"P0": 2, "P1": 1.5, "P2": 0}
    assert row.json()["each"]["P0"] == [3, None, 1]


def test_row_without_a_reviewed_draft_has_no_median(tmp_path: Path) -> None:
    (row,) = table.rows([(draft(tmp_path, 1, None), reviewed(0, 0, 5, "not understood"))])
    assert row.cells[4:6] == ["-", "- (-)"] and row.cells[-1] == "-"


def test_text_and_markdown_have_the_same_cells(tmp_path: Path) -> None:
    rows = table.rows([(draft(tmp_path, 1, 10), reviewed(3, 1, 100))])
    shown = table.text(rows).splitlines()
    assert re.split(r"  +", shown[1]) == rows[0].cells
    assert table.markdown(rows).splitlines()[2] == f"| {' | '.join(rows[0].cells)} |"


def test_table_in_the_docs_is_that_of_the_recorded_drafts() -> None:
    found = [(one, review) for one in recorded() if (review := one.review) is not None]
    assert table.markdown(table.rows(found)) in DOC.read_text(encoding="utf-8")


QUICK = ("rooms/8", "slow/1")  # the verdict of both does not depend on how busy the machine is


@pytest.mark.timeout(180)
async def test_fault_of_a_recorded_draft_is_found_again() -> None:
    """Of the first row of the table, one draft; the others in the matrix."""
    await found_again(next(one for one in recorded() if one.name == "python/bare-1"), QUICK)


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("one", recorded(), ids=lambda one: one.name)
async def test_faults_of_every_recorded_draft_are_found_again(one: Draft) -> None:
    await found_again(one, ())


async def found_again(one: Draft, only: tuple[str, ...]) -> None:
    """Judge a recorded draft, and compare the broken probes with those of its record."""
    if one.language == "node":
        node_path(), node_module("ws")
    result = await judge(one.code, one.how, modules=NODE_MODULES if one.language == "node" else None, only=only)
    assert result.report is not None, result.why
    before = one.review
    assert before is not None
    recorded_then = {name for fault in before["faults"] for name in fault["probes"] if not only or name in only}
    assert set(result.report.ids("broken")) == recorded_then, result.report
