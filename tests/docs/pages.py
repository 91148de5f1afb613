"""Markdown pages as data: sections, tables and code blocks."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
Row = list[str]


def section(page: str, title: str) -> str:
    """The text under a heading, up to the next heading of its level or above. Raises KeyError."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", page, re.MULTILINE)
    if found is None:
        raise KeyError(title)
    rest = page[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def table(text: str, first_column: str) -> list[Row]:
    """The rows of the table whose first column has that heading; code marks stay in the cells."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def code(cell: str) -> list[str]:
    """What a cell marks as code."""
    return re.findall(r"`([^`]*)`", cell)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
