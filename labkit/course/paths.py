"""Find the course: the published one, and the working copy that a learner edits."""

import os
from pathlib import Path

import labkit
from labkit.bench import working_copy

DEFAULT = "my-course"  # the working copy that `make lab` opens


def original() -> Path:
    """Return the folder of the published course, in this checkout or in the installed package."""
    package = Path(labkit.__file__).parent
    return package.parent if (package.parent / "solutions").is_dir() else package / "_course"


def is_checkout() -> bool:
    """Return whether the published course is a checkout rather than an installed package."""
    return original().name != "_course"


def solutions() -> Path | None:
    """Return the folder of our solutions: that of this checkout, or the one that LABKIT_SOLUTIONS names; None without.

    An installed labkit has none: it is what a learner installs.
    """
    if is_checkout():
        return original() / "solutions"
    chosen = os.environ.get("LABKIT_SOLUTIONS")
    return Path(chosen) if chosen and Path(chosen).is_dir() else None


def copy_in_use() -> Path | None:
    """Return the working copy that contains the current folder.

    In the root of a checkout, return the one from `make lab`.
    """
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
    """Return the learner's notebook of an exercise: a nearby one, the working copy's, or else the published one.

    In a working copy the file may be missing, because the learner may have removed it.
    """
    here, copy, name = working_copy.here(), copy_in_use(), f"{exercise_id}.ipynb"
    if copy is None or here != original():
        for path in (here / "exercises" / name, here / name, here.parent / "exercises" / name):
            if path.exists():
                return path
    return (copy or original()) / "exercises" / name
