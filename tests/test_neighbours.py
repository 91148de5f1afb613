"""Two neighbours: with another seed, each notebook shows other numbers and the same truth."""

import re
from pathlib import Path

import pytest

from labkit.bench.seed import VARIABLE
from tests.notebook_guards import Notebook, code_cells, read
from tests.save_notebooks import executed

COURSE = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
VERDICT = re.compile(r"^(?:measured: .*|.*: (?:True|False))$", re.MULTILINE)


def printed(notebook: Notebook) -> str:
    """Everything that its cells printed."""
    cells = ([output.get("text", "") for output in cell["outputs"]] for cell in code_cells(notebook))
    # a kernel sends what was printed in pieces, which may end in the middle of a line
    return "\n".join("".join("".join(text) for text in texts) for texts in cells)


@pytest.mark.matrix
@pytest.mark.timeout(200)
@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_neighbour_sees_the_same_truth(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every measured answer and every `True` of the saved notebook comes out under another seed too."""
    monkeypatch.setenv(VARIABLE, "a neighbour")
    assert VERDICT.findall(printed(executed(path))) == VERDICT.findall(printed(read(path)))
