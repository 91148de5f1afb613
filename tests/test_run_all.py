"""Every notebook of the course, run as Run All does: all cells are sent at once, and each must answer."""

from pathlib import Path

import pytest

from labkit.bench.queued_cells import answers
from tests import notebook_guards as guards

COURSE = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_every_cell_answers_when_all_are_queued(path: Path) -> None:
    """Run All sends every cell at once; nbval sends one at a time and cannot see a cell that is silently lost."""
    cells = [guards.source(each) for each in guards.code_cells(guards.read(path))]
    assert answers(cells, seconds=100, folder=path.parent) == ["ok"] * len(cells)
