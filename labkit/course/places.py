"""Where the course lies: its sources, and the working copy in which a learner edits."""

import json
from pathlib import Path
from typing import Any

import labkit
from labkit.bench import working_copy

Notebook = dict[str, Any]
FOLDERS = ("notebooks", "exercises", "solutions")
OF_A_RUN = ("execution", "ExecuteTime", "collapsed", "scrolled")  # of a cell's metadata
DEFAULT = "my-course"  # the working copy that `make lab` opens


def original() -> Path:
    """The folder with the course as it was published: this checkout, or what was installed."""
    package = Path(labkit.__file__).parent
    return package.parent if (package.parent / "solutions").is_dir() else package / "_course"


def is_checkout() -> bool:
    """Whether the course is read from a checkout, not from an installed package."""
    return original().name != "_course"


def copy_in_use() -> Path | None:
    """Return the working copy around the current folder; in the root of a checkout, the one `make lab` made there."""
    copy = working_copy.current()
    if (
        copy is None
        and is_checkout()
        and working_copy.here() == original()
        and working_copy.is_copy(original() / DEFAULT)
    ):
        return original() / DEFAULT
    return copy


def answer_of(exercise_id: str) -> Path:
    """Return the learner's notebook of an exercise: nearby, in the working copy, or, outside any, the published one.

    In a working copy the file may be missing: the learner has removed it.
    """
    here, copy, name = working_copy.here(), copy_in_use(), f"{exercise_id}.ipynb"
    if copy is None or here != original():
        for path in (here / "exercises" / name, here / name, here.parent / "exercises" / name):
            if path.exists():
                return path
    return (copy or original()) / "exercises" / name


def read(path: Path) -> Notebook:
    """A notebook. Raises OSError or ValueError."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def written(notebook: Notebook) -> str:
    """A notebook as nbformat writes it, so that saving it in JupyterLab changes nothing else."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")) + "\n"


def without_outputs(notebook: Notebook) -> Notebook:
    """Return a notebook that nobody has run: its sources, and nothing that a run or a screen left behind."""
    cells = [dict(cell) for cell in notebook["cells"]]
    for cell in cells:
        cell["metadata"] = {key: kept for key, kept in cell.get("metadata", {}).items() if key not in OF_A_RUN}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    kept = {key: value for key, value in notebook.get("metadata", {}).items() if key != "widgets"}
    return notebook | {"cells": cells, "metadata": kept}


def text(cell: dict[str, Any]) -> str:
    """The source of a cell."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
