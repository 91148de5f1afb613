"""Run notebooks and save them as they are committed: `make notebooks`, or `python -m tests.save_notebooks FILE...`.

No times, no widget state, no live widget where something else is shown too: a saved notebook reads the same anywhere.
"""

import sys
from pathlib import Path
from typing import Any

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402

from tests.notebook_guards import WIDGET  # noqa: E402

ROOT = Path(__file__).parent.parent
CELL_S = 90


def executed(path: Path) -> Any:
    """One notebook, run in its own folder. Raises nbclient's CellExecutionError."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook,
        timeout=CELL_S,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return notebook


def save(path: Path) -> None:
    """Run one notebook and write it back."""
    notebook = executed(path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            still(output)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def still(output: Any) -> None:
    """Take the live widget out of an output that has a text of its own."""
    data = output.get("data", {})
    if WIDGET in data and len(data) > 1:
        del data[WIDGET]


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(map(str, (ROOT / "notebooks").glob("*.ipynb"))):
        print(name, flush=True)
        save(Path(name).resolve())
