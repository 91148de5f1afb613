"""Find the learner's working copy of the course that this process runs in.

A folder with a `.labkit/copy.json` is a working copy; `labkit lab DIR` creates one. The learner's progress and class
are stored in that `.labkit` folder, so two copies on one machine share nothing.
"""

import os
from pathlib import Path

OWN = ".labkit"
MARK = "copy.json"
NOTEBOOK = "JPY_SESSION_NAME"  # Jupyter sets it for each kernel: the path of its notebook


def is_copy(folder: Path) -> bool:
    """Return whether a folder is the root of a working copy."""
    return os.path.isfile(folder / OWN / MARK)  # Path.is_file raises where it may not look


def here() -> Path:
    """Return the current folder, or `/` if it has been removed: nothing of the learner's can be found there."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")


def current() -> Path | None:
    """Return the working copy that contains the current folder or, after an `os.chdir` in a kernel, its notebook."""
    notebook = Path(os.environ.get(NOTEBOOK) or "/")
    return next((each for place in (here(), notebook) for each in (place, *place.parents) if is_copy(each)), None)
