"""Where the course lies: its sources, and the working copy in which a learner edits."""

import json
from pathlib import Path
from typing import Any

import labkit

Notebook = dict[str, Any]
FOLDERS = ("notebooks", "exercises", "solutions")


def original() -> Path:
    """The folder with the course as it was published: this checkout, or what was installed."""
    package = Path(labkit.__file__).parent
    return package.parent if (package.parent / "solutions").is_dir() else package / "_course"


def working_copy(exercise_id: str) -> Path:
    """The learner's notebook of an exercise: below the folder one stands in, or in the checkout."""
    here = Path.cwd()
    name = f"{exercise_id}.ipynb"
    for path in (here / "exercises" / name, here / name, here.parent / "exercises" / name):
        if path.exists():
            return path
    return original() / "exercises" / name


def read(path: Path) -> Notebook:
    """A notebook. Raises OSError or ValueError."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def written(notebook: Notebook) -> str:
    """A notebook as nbformat writes it, so that saving it in JupyterLab changes nothing else."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")) + "\n"


def text(cell: dict[str, Any]) -> str:
    """The source of a cell."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
