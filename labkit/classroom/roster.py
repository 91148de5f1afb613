"""Read the roster, a class list in a CSV file, and check names.

    name,shown_as
    Ana Lima,otter            the class and its file contain `otter` only
    Ben Okafor,               appears under his own name

A file without a header is a list of names.
"""

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from labkit.platform.os_errors import why
from labkit.text import files as text_files

MAX_NAME = 64
COLUMNS = ("name", "shown_as")


class BadRoster(ValueError):
    """A roster or name is invalid; the message says where and what is valid."""


class Student(NamedTuple):
    """One line of a roster: a student's real name, and the name that the class sees."""

    name: str
    shown_as: str


def read_roster(path: Path) -> list[Student]:
    """Read the students in a file. Raises BadRoster."""
    try:
        lines = [(number, line) for number, line in enumerate(text_files.rows(path), 1) if any(map(str.strip, line))]
    except (OSError, ValueError, csv.Error) as error:
        raise BadRoster(f"cannot read {path}: {why(error) if isinstance(error, OSError) else error}") from None
    head = [cell.strip().lower() for cell in lines[0][1]] if lines else []
    _check_divided(path, lines)
    columns = {name: head.index(name) for name in COLUMNS if name in head}
    unknown = [cell for cell in head if cell not in COLUMNS]
    if unknown and "name" in columns and "shown_as" not in columns:  # it may hold pseudonyms, so do not ignore it
        raise BadRoster(f"{path}: {unknown[0]!r} is not a roster column; the first line should be: name,shown_as")
    if "name" in columns:
        lines = lines[1:]
    elif len(head) > 1:
        raise BadRoster(f"{path} has no column `name`; the first line should be: name,shown_as")
    else:
        columns = {"name": 0}
    students = [_student(f"{path} line {number}", line, columns) for number, line in lines]
    if not students:
        raise BadRoster(f"{path} lists no students; write one name per line")
    _check_differ(path, students)
    return students


def checked_name(name: str) -> str:
    """Check a name and return it in the form in which it is stored. Raises BadRoster."""
    tidy = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(tidy) <= MAX_NAME or ":" in tidy or not tidy.isprintable():
        raise BadRoster(f"{name[:80]!r} is not a valid name; use 1 to {MAX_NAME} printable characters and no colon")
    return tidy


def key(name: str) -> str:
    """Return a key that is equal for names that look alike, so that `ANA` cannot join when there is an `Ana`."""
    return unicodedata.normalize("NFKC", name).casefold()


def real_names(students: Iterable[Student]) -> dict[str, str]:
    """Return the real name for each shown name."""
    return {student.shown_as: student.name for student in students}


def _check_divided(path: Path, lines: list[tuple[int, list[str]]]) -> None:
    """Reject the delimiters of European spreadsheets: taking a whole line as a name would reveal pseudonyms."""
    for number, line in lines:
        if any(mark in cell for cell in line for mark in ";\t"):
            raise BadRoster(f"{path} line {number}: {text_files.DIVIDED}")


def _student(where: str, line: list[str], columns: Mapping[str, int]) -> Student:
    cells = {column: line[at] for column, at in columns.items() if at < len(line)}
    try:
        name = checked_name(cells.get("name", ""))
        shown_as = cells.get("shown_as", "").strip()
        return Student(name, checked_name(shown_as) if shown_as else name)
    except BadRoster as error:
        raise BadRoster(f"{where}: {error}") from None


def _check_differ(path: Path, students: list[Student]) -> None:
    seen: dict[str, str] = {}
    for student in students:
        other = seen.setdefault(key(student.shown_as), student.name)
        if other != student.name or list(seen.values()).count(other) > 1:
            raise BadRoster(f"{path}: two students would be shown as {student.shown_as!r}; give them different names")
    if len(seen) != len(students):
        raise BadRoster(f"{path} lists a student twice; keep one line for each")
