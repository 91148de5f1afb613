"""Find the learner's working copy of the course that this process runs in.

A folder with a `.labkit/copy.json` is a working copy; `labkit lab DIR` makes one. The learner's progress and class are
kept in that `.labkit`, so two copies on one machine have nothing in common.
"""

import os
from pathlib import Path

OWN = ".labkit"
MARK = "copy.json"
NOTEBOOK = "JPY_SESSION_NAME"  # Jupyter sets it for each kernel: the path of its notebook


def is_copy(folder: Path) -> bool:
    """Whether a folder is the root of a working copy."""
    return os.path.isfile(folder / OWN / MARK)  # Path.is_file raises where it may not look


def here() -> Path:
    """Return the current folder; once it has been removed, `/`, in which nothing of the learner's is found."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")


def current() -> Path | None:
    """Return the copy around the current folder; after an `os.chdir` in a kernel, the one around its notebook."""
    notebook = Path(os.environ.get(NOTEBOOK) or "/")
    return next((each for place in (here(), notebook) for each in (place, *place.parents) if is_copy(each)), None)
