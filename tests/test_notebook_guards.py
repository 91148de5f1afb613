"""The guards over the notebooks: green on the course, red on each planted fault and each broken copy of a notebook."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import notebook_guards as guards

ROOT = Path(__file__).parent.parent
COURSE = sorted((ROOT / "notebooks").glob("*.ipynb"))
ALL = COURSE + sorted((ROOT / "exercises").glob("*.ipynb"))
NBVAL = [
    "-m",
    "pytest",
    "-q",
    "-p",
    "tests.nbval_guard",
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout",
    "60",
]


def cell(text: str, *, outputs: list[Any] | None = None, tags: list[str] | None = None, count: int | None = 1) -> Any:
    """A code cell."""
    metadata = {"tags": tags} if tags else {}
    return {
        "cell_type": "code",
        "id": f"c{abs(hash(text)) % 10**8}",
        "source": text,
        "metadata": metadata,
        "outputs": outputs or [],
        "execution_count": count,
    }


def printed(text: str) -> Any:
    """What a print leaves in a cell."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def sound() -> guards.Notebook:
    """A small notebook that passes every guard."""
    cells = [cell(f"print({number})", outputs=[printed(f"{number}\n")]) for number in range(4)]
    cells.append(cell("print('well')  # lab.health()", outputs=[printed("well\n")]))
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def never_run(notebook: guards.Notebook) -> None:
    notebook["cells"][0]["execution_count"] = None


def skipped(notebook: guards.Notebook) -> None:
    notebook["cells"][0]["metadata"]["tags"] = ["nbval-skip"]


def may_raise(notebook: guards.Notebook) -> None:
    notebook["cells"][0]["metadata"]["tags"] = ["raises-exception"]


def skipped_by_comment(notebook: guards.Notebook) -> None:
    notebook["cells"][0]["source"] = "# NBVAL_SKIP\nprint(0)"


def mostly_ignored(notebook: guards.Notebook) -> None:
    for number in (0, 1):
        notebook["cells"][number]["metadata"]["tags"] = ["nbval-ignore-output"]


def unhealthy_end(notebook: guards.Notebook) -> None:
    notebook["cells"].pop()


def health_not_compared(notebook: guards.Notebook) -> None:
    notebook["cells"][-1]["metadata"]["tags"] = ["nbval-ignore-output"]


def dead_widget(notebook: guards.Notebook) -> None:
    data = {guards.WIDGET: {"model_id": "1"}, "text/plain": "Button()"}
    notebook["cells"][0]["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]


def widget_state(notebook: guards.Notebook) -> None:
    notebook["metadata"]["widgets"] = {}


def saved_error(notebook: guards.Notebook) -> None:
    notebook["cells"][0]["outputs"] = [{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]


def long_cell(notebook: guards.Notebook) -> None:
    notebook["cells"][0]["source"] = "\n".join("x = 1" for _ in range(11))


PLANTED: list[tuple[Callable[[guards.Notebook], None], guards.Guard]] = [
    (never_run, guards.was_run),
    (skipped, guards.is_not_evasive),
    (may_raise, guards.is_not_evasive),
    (skipped_by_comment, guards.is_not_evasive),
    (mostly_ignored, guards.is_mostly_compared),
    (unhealthy_end, guards.ends_healthy),
    (health_not_compared, guards.ends_healthy),
    (dead_widget, guards.holds_no_dead_widget),
    (widget_state, guards.holds_no_dead_widget),
    (saved_error, guards.shows_no_error),
    (long_cell, guards.has_short_cells),
]


@pytest.mark.parametrize(("plant", "guard"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_guard_sees_the_planted_fault(plant: Callable[[guards.Notebook], None], guard: guards.Guard) -> None:
    """Each guard is green on a sound notebook and red on one with its fault."""
    notebook = sound()
    assert [fault for each in guards.GUARDS for fault in each(notebook)] == []
    plant(notebook)
    assert guard(notebook) != []


def test_there_is_a_course() -> None:
    """The guards below have something to guard."""
    assert COURSE


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
@pytest.mark.parametrize("guard", guards.GUARDS, ids=lambda guard: guard.__name__)
def test_notebook_passes_the_guard(path: Path, guard: guards.Guard) -> None:
    """The committed notebook has none of the faults."""
    assert guard(guards.read(path)) == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_notebook_is_small(path: Path) -> None:
    """A notebook opens quickly and reviews easily."""
    assert path.stat().st_size <= guards.MOST_BYTES


def run_nbval(path: Path) -> subprocess.CompletedProcess[str]:
    """Strict nbval on one notebook, as `make test` runs it."""
    command = [sys.executable, *NBVAL, "--nbval-sanitize-with", "tests/nbval_sanitize.cfg", str(path)]
    environment = {**os.environ, "LABKIT_COURSE": str(ROOT / "notebooks")}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110, env=environment)


def broken(notebook: guards.Notebook) -> guards.Notebook:
    """A copy whose saved outputs say something else than what the cells print, and whose server is dead at the end."""
    copied = copy.deepcopy(notebook)
    last = guards.code_cells(copied)[-1]
    healthy = copy.deepcopy(last["outputs"])
    for output in guards.compared_outputs(copied):
        if output["output_type"] == "stream":
            output["text"] = "what no cell prints\n"
        else:
            output["data"]["text/plain"] = "what no cell shows"
    last["outputs"] = healthy  # so that this cell fails for what it sees, and not for what it shows
    killer = cell("lab.kill()\nimport time; time.sleep(0.3)")
    copied["cells"].insert(copied["cells"].index(last), killer)
    return copied


def must_fail(notebook: guards.Notebook) -> list[str]:
    """The ids of the cells that a broken copy must turn red: whatever is compared, and the last one."""
    compared = [id(output) for output in guards.compared_outputs(notebook)]
    cells = guards.code_cells(notebook)
    red = [n for n, each in enumerate(cells) if any(id(output) in compared for output in each["outputs"])]
    return [f"Cell {number}" for number in red]


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_broken_copy_turns_red(path: Path, tmp_path: Path) -> None:
    """nbval really compares every cell of this notebook that has an output, and its last cell really looks."""
    notebook = broken(guards.read(path))
    copied = tmp_path / path.name
    copied.write_text(json.dumps(notebook), encoding="utf-8")
    done = run_nbval(copied)
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    failed = {line.split("::")[1].split(" - ")[0] for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert set(must_fail(notebook)) <= failed
    assert "Unhealthy" in done.stdout


def test_nbval_guard_refuses_a_run_of_expected_failures(tmp_path: Path) -> None:
    """A kernel that dies makes nbval expect the rest to fail: the run is red all the same."""
    notebook = sound()
    notebook["cells"][0]["metadata"]["tags"] = ["nbval-skip"]
    path = tmp_path / "evasive.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    done = run_nbval(path)
    assert done.returncode == 1
    assert "NOT COMPARED" in done.stdout
