"""The guards over the notebooks: green on the course, red on each planted fault."""

import ast
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests import notebook_guards as guards

ROOT = Path(__file__).parent.parent
COURSE = sorted((ROOT / "notebooks").glob("*.ipynb"))
ALL = COURSE + sorted((ROOT / "exercises").glob("*.ipynb"))
SHOWS = ("inspect.getsource(", "show_source(")


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


def mostly_pictures(notebook: guards.Notebook) -> None:
    for number in (0, 1):
        picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}, "metadata": {}}
        notebook["cells"][number]["outputs"] = [picture]


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
    (mostly_pictures, guards.is_mostly_compared),
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


def shown_sources(notebook: guards.Notebook) -> list[tuple[str, str, str]]:
    """The cells that do nothing but print the source of something: the cell, what it printed, what it prints today."""
    trees = [(cell, ast.parse(guards.source(cell))) for cell in guards.code_cells(notebook) if is_plain(cell)]
    imports = [node for _, tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(imports, []), "imports", "exec"), names)
    found = []
    for each, tree in trees:
        if all(isinstance(node, ast.Import | ast.ImportFrom) or shows(ast.unparse(node)) for node in tree.body):
            with redirect_stdout(StringIO()) as now:
                exec(compile(tree, "cell", "exec"), names)
            found.append((guards.source(each), "".join("".join(out.get("text", "")) for out in each["outputs"]), now))
    return [(text, then, now.getvalue()) for text, then, now in found if shows(text)]


def shows(text: str) -> bool:
    """Whether code shows the source of something."""
    return any(word in text for word in SHOWS)


def is_plain(cell: dict[str, Any]) -> bool:
    """Whether Python alone can read it: no await outside of a function."""
    try:
        ast.parse(guards.source(cell))
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_source_that_is_shown_is_the_source_of_today(path: Path) -> None:
    """Library and lesson do not drift; the notebook run finds it too, minutes later."""
    for text, then, now in shown_sources(guards.read(path)):
        assert then == now, f"{text}\nshows an older source: run python -m tests.save_notebooks notebooks/{path.name}"
