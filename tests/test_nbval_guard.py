"""The run of the notebooks, on small notebooks with one fault each: red where it must be, and nowhere else.

That each cell of the course can turn red is shown by the plugin itself, while it runs them.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.test_notebook_guards import ROOT, cell, printed

NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=60")
LAB = "import labkit\nlab = labkit.Lab().start()"
HEALTHY = "healthy: the server is running, 0 clients connected, no task died, no socket leaked"
SLEEP = "asyncio.run(asyncio.sleep(0.3))"


def shown(text: str) -> Any:
    """What a value leaves at the end of a cell."""
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": 1}


def well(*cells: Any) -> list[Any]:
    """Cells that run, are what they say, and end with a look at their lab."""
    return [cell(LAB), *cells, cell("lab.health()", outputs=[shown(HEALTHY)])]


def says(text: str, saved: str, tags: list[str] | None = None) -> Any:
    """A cell that prints something, and what is saved of it."""
    return cell(f"print({text!r})", outputs=[printed(f"{saved}\n")], tags=tags)


NOT_LOOKING = cell("print('well')  # lab.health()", outputs=[printed("well\n")])
NOTEBOOKS: dict[str, list[Any]] = {
    "well": well(says("a", "a"), cell("1 + 1", outputs=[shown("2")])),
    "liar": well(says("a", "a"), says("b", "something else"), cell("1 + 1", outputs=[shown("3")])),
    "mute": [cell("1 + 1"), cell("None", outputs=[printed("a\n")]), NOT_LOOKING],
    "evasive": [says("a", "a", tags=["nbval-skip"])],
    "content": [says("a", "a"), NOT_LOOKING],
    "trapped": [cell("import asyncio, nest_asyncio; nest_asyncio.apply()"), cell(SLEEP), says("a", "a"), NOT_LOOKING],
}


def run_nbval(folder: Path, *names: str, sanitize: Path = ROOT / "tests" / "nbval_sanitize.cfg", **options: int) -> str:
    """What nbval says of these notebooks, run as `make test` runs them; they are red."""
    for name in names:
        notebook = {"cells": NOTEBOOKS[name], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    told = [f"--{option.replace('_', '-')}={value}" for option, value in options.items()]
    run = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "tests.nbval_guard"]
    command = [*run, *NBVAL, "--nbval-sanitize-with", str(sanitize), *told, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=220)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def red(said: str) -> set[tuple[str, int]]:
    """The red cells."""
    found = re.findall(r"^FAILED \S*?(\w+)\.ipynb::Cell (\d+)", said, re.MULTILINE)
    return {(name, int(number)) for name, number in found}


@pytest.mark.timeout(240)  # several kernels
def test_a_run_is_red_where_it_must_be_and_nowhere_else(tmp_path: Path) -> None:
    """A lie, silence, noise, a last cell that does not look: each is red, and a skipped cell is named."""
    said = run_nbval(tmp_path, "well", "liar", "mute", "evasive")
    assert red(said) == {("liar", 2), ("liar", 3), ("mute", 0), ("mute", 1), ("mute", 2)}, said
    assert re.findall(r"NOT COMPARED \S*?(\w+)\.ipynb", said) == ["evasive"]
    for why in ("Unexpected output fields", "Missing output fields", "the last cell is content with a dead server"):
        assert why in said


def test_a_run_of_skipped_cells_is_red_though_no_cell_is(tmp_path: Path) -> None:
    """pytest would call it passed."""
    assert red(run_nbval(tmp_path, "evasive")) == set()


def test_a_comparison_that_is_content_with_anything_is_red(tmp_path: Path) -> None:
    """Here every text is made equal before it is compared."""
    everything = tmp_path / "everything.cfg"
    everything.write_text("[all]\nregex: (?s).+\nreplace: .\n")
    said = run_nbval(tmp_path, "content", sanitize=everything)
    assert red(said) == {("content", 0), ("content", 1)}
    assert said.count("a saved output may say anything here, and nbval is content") >= 2


@pytest.mark.timeout(240)
def test_a_cell_that_run_all_loses_is_red(tmp_path: Path) -> None:
    """All cells are sent at once; sent one at a time, none of them is lost."""
    assert ("trapped", 2) in red(run_nbval(tmp_path, "trapped", nbval_cell_timeout=8))
    assert red(run_nbval(tmp_path, "trapped", one_at_a_time=1)) == {("trapped", 3)}  # for not looking
