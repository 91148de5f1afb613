"""Add the team's files to a folder. What is there already stays as it is, byte by byte."""

from enum import Enum
from pathlib import Path

from labkit.platform.replacing import write_bytes
from labkit.team.pages import BEGIN, files, section

SHARED = ("CLAUDE.md", "AGENTS.md")


class Change(Enum):
    """What happened to a file."""

    WRITTEN = "written"
    EXTENDED = "extended"
    KEPT = "kept"


def init(folder: Path) -> dict[str, Change]:
    """Write the missing files and sections. Raises OSError. Calling it twice has no further effect."""
    changes = {name: _extend(folder / name, section()) for name in SHARED}
    return changes | {name: _create(folder / name, text) for name, text in files().items()}


def _extend(path: Path, text: str) -> Change:
    """Append a section after the last line, unless the file has it."""
    if not path.exists():
        return _create(path, text)
    path = path.resolve()  # replacing a link would leave its target without the section
    before = path.read_bytes()
    if BEGIN.encode() in before:
        return Change.KEPT
    newline = "\r\n" if b"\r\n" in before else "\n"
    gap = newline if before.endswith(b"\n") or not before else 2 * newline
    write_bytes(path, before + (gap + text.replace("\n", newline)).encode())
    return Change.EXTENDED


def _create(path: Path, text: str) -> Change:
    if path.exists():
        return Change.KEPT
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, text.encode())
    return Change.WRITTEN
