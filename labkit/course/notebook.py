"""Read a notebook as a dict, write it as Jupyter does, and remove the outputs and metadata of a run."""

import json
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
OF_A_RUN = ("execution", "ExecuteTime", "collapsed", "scrolled")  # of a cell's metadata


def read_notebook(path: Path) -> Notebook:
    """Read a notebook. Raises OSError or ValueError."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def notebook_json(notebook: Notebook) -> str:
    """Return a notebook as text in nbformat's own layout, so that saving it in JupyterLab changes nothing else."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")) + "\n"


def without_outputs(notebook: Notebook) -> Notebook:
    """Return a notebook as if it had never been run: without outputs, execution counts, widgets and run metadata."""
    cells = [dict(cell) for cell in notebook["cells"]]
    for cell in cells:
        cell["metadata"] = {key: kept for key, kept in cell.get("metadata", {}).items() if key not in OF_A_RUN}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    kept = {key: value for key, value in notebook.get("metadata", {}).items() if key != "widgets"}
    return notebook | {"cells": cells, "metadata": kept}


def cell_source(cell: dict[str, Any]) -> str:
    """Return the source of a cell, which nbformat stores as a string or as a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
