"""Create a learner's working copy of the course, or update one without losing edits.

A copy contains the published notebooks without their outputs and without the instructor's guide. `.labkit/copy.json`
stores a hash of each file as it was handed out. When the course changes, a file that the learner has not edited is
replaced. If the learner has edited it, the new version is saved beside it as NAME-new.ipynb.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from labkit.bench.seed import FILE as SEED
from labkit.bench.seed import number_of
from labkit.bench.working_copy import MARK, OWN, is_copy
from labkit.course.exercises import exercises
from labkit.course.notebook import cell_source, notebook_json, without_outputs
from labkit.platform import plain_file
from labkit.platform.replacing import write

FIRST = "notebooks/00_start_here.ipynb"
LESSONS = (
    "00_start_here",
    "01_hello_room",
    "02_auth",
    "03_rooms",
    "04_validation",
    "05_heartbeat",
    "06_slow_consumers",
    "07_reconnect_storms",
    "08_audit",
    "09_review_your_own_server",
    "10_beyond_one_process",
    "11_one_message",
    "dashboard",
    "use_cases",
)
CHANGES = "CHANGES.md"
UNFINISHED = (OWN, SEED, ".DS_Store", "desktop.ini")  # of a copy that could not be made, and of a file manager


class NoCopy(ValueError):
    """A working copy cannot be created or opened in a folder; the message says why, and what to do."""


def prepare(course: Path, copy: Path, seed: str | None = None) -> list[str]:
    """Create or update a working copy. Return sentences about what changed. Raises NoCopy, OSError, ValueError."""
    is_new, is_marked = not _exists(copy), is_copy(copy)
    if not is_new and seed is not None:
        _must_be_its_seed(copy, seed)
    (copy / OWN).mkdir(mode=0o700, parents=True, exist_ok=True)
    if is_new and seed is not None:
        (copy / SEED).write_text(seed + "\n", encoding="utf-8", newline="\n")
    if not is_marked:
        (copy / OWN / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")
        write(copy / OWN / MARK, "{}\n")
    changes = list(_updates(course, copy))
    if is_new:
        return [f"created a working copy of the course in {copy}"]
    if not is_marked:
        changes.append(
            f"{copy} is from an older labkit: your earlier progress stays in ~/.labkit; new progress is stored here"
        )
    if changes:
        with (copy / CHANGES).open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"* {change}\n" for change in changes)
    return changes


def files() -> list[str]:
    """Return every file that a copy contains, as paths in the course."""
    notebooks = [f"notebooks/{name}.ipynb" for name in LESSONS]
    return [*notebooks, *(f"exercises/{name}.ipynb" for name in exercises()), "exercises/README.md", "docs/glossary.md"]


def _exists(copy: Path) -> bool:
    """Return whether there is a copy, even one made by an older labkit.

    Raises NoCopy if the folder holds anything else.
    """
    if (copy / "solutions").is_dir():
        raise NoCopy(
            f"{copy} is the course itself, with its solutions; name a new directory for a working copy "
            "(authors edit the course with `jupyter lab`)"
        )
    if is_copy(copy) or (copy / FIRST).is_file():
        return True
    if copy.exists() and any(each.name not in UNFINISHED for each in copy.iterdir()):
        raise NoCopy(f"{copy} is not empty; name a new directory, or an empty one")
    return False


def _must_be_its_seed(copy: Path, seed: str) -> None:
    path = copy / SEED
    kept = path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
    if number_of(kept) != number_of(seed):
        raise NoCopy(
            f"{copy} has the seed {kept or '1 (the default)'}, not {seed}: another seed would change the numbers that "
            f"the work in it relies on; open it without --seed, or make another copy: labkit lab OTHER --seed {seed}"
        )


def _updates(course: Path, copy: Path) -> Iterator[str]:
    """Copy each file that is missing or has changed. Yield a sentence for each file that has changed."""
    given = _given(copy)
    for name in files():
        published, mine = _published(course / name), copy / name
        newest = _fingerprint(published)
        before, given[name] = given.get(name), newest
        held = _fingerprint(mine.read_text(encoding="utf-8", errors="replace")) if mine.exists() else None
        if held is None:
            mine.parent.mkdir(exist_ok=True)
            write(mine, published)
        elif newest not in (held, before):
            yield _replace(mine, name, published, is_edited=held != before)
        write(copy / OWN / MARK, json.dumps(given, indent=1) + "\n")


def _replace(mine: Path, name: str, published: str, *, is_edited: bool) -> str:
    if not is_edited:
        write(mine, published)
        return f"{name} has a new version; you had not edited yours, so it was replaced"
    beside = _beside(mine, published)
    write(beside, published)
    return f"{name} has a new version; you have edited yours, so it was kept; the new one is beside it: {beside.name}"


def _beside(mine: Path, published: str) -> Path:
    """Return a path for the new version: an unused one, or that of a file with the same text."""
    for number in count(1):
        path = mine.with_name(f"{mine.stem}-new{'' if number == 1 else f'-{number}'}{mine.suffix}")
        if not path.exists() or path.read_text(encoding="utf-8", errors="replace") == published:
            return path
    raise AssertionError


def _given(copy: Path) -> dict[str, str]:
    try:
        given = json.loads(plain_file.read_bytes(copy / OWN / MARK))
    except (ValueError, RecursionError):  # cut off by a crash: every file that differs counts as edited
        return {}
    return given if isinstance(given, dict) else {}


def _published(path: Path) -> str:
    whole = path.read_text(encoding="utf-8")
    return notebook_json(without_outputs(json.loads(whole))) if path.suffix == ".ipynb" else whole


def _fingerprint(whole: str) -> str:
    """Hash what a person writes: a notebook's cells without outputs and metadata, or any other file as a whole."""
    try:
        cells = [[cell["cell_type"], cell_source(cell)] for cell in json.loads(whole)["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        cells = [["raw", whole]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()
