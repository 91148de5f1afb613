"""Write the pages of a class into a folder, which only its owner can read."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from labkit.classroom.after.facts import Facts
from labkit.classroom.after.pages import instructors_page, students_page

INDEX = "index.html"
STUDENTS = "students"


class NoFolder(ValueError):
    """The folder has other files; the message says what to do."""


def write(facts: Facts, folder: Path, names: Mapping[str, str]) -> int:
    """Write index.html and a page for each student; return how many. Raises NoFolder, OSError.

    `names`: the name to show for each student, if it is not the one in the class. An earlier export is replaced.
    """
    pages = folder / STUDENTS
    if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or (folder / INDEX).is_file())):
        raise NoFolder(f"{folder} has other files; name an empty or a new folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages.mkdir(mode=0o700, exist_ok=True)
    for old in pages.glob("*.html"):  # of a student who was removed since
        old.unlink()
    files = {name: f"{STUDENTS}/{file_name(name)}" for name in facts.board.students}
    _write(folder / INDEX, instructors_page(facts, names, files))
    for name, file in files.items():
        _write(folder / file, students_page(facts, name, names.get(name, name)))
    return len(files)


def file_name(name: str) -> str:
    """Return a file name for a student: readable, valid everywhere, and different for each name."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{readable or 'student'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}.html"


def _write(path: Path, page: str) -> None:
    path.write_text(page, encoding="utf-8")
