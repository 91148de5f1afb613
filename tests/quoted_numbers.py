"""Which numbers the prose of a notebook quotes, and which of them no cell produces.

A quoted number is in figures, with a measure (`3 s`, `200 clients`) or longer than a digit (`512`, `0.3`). Its value
must stand in the code or in the saved output of a cell: above the text, or in the cells that the text introduces. Close
codes are the kit's own table. What comes from elsewhere is in `tests/quoted_numbers.toml`, with its source.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from labkit.rules.close_codes import TABLE
from tests.notebook_guards import Notebook, source

SECONDS = {"millisecond": 0.001, "ms": 0.001, "second": 1, "s": 1, "minute": 60, "hour": 3600, "day": 86400}
BYTES = {
    "byte": 1,
    "KB": 1000,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "megabyte": 10**6,
    "gigabyte": 10**9,
}
UNITS = {name.lower(): value for name, value in (SECONDS | BYTES | {"%": 0.01, "percent": 0.01}).items()}
THINGS = (
    *(
        "attacker",
        "client",
        "connection",
        "copies",
        "event",
        "handshake",
        "line",
        "loop",
        "member",
        "message",
        "people",
    ),
    *("policies", "row", "screen", "slot", "thing", "times", "tries", "update"),
)

_FIGURES = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MEASURE = rf"[ -]?(?P<unit>(?:{'|'.join((*UNITS, *THINGS))}))s?(?![A-Za-z])"
QUOTED = re.compile(rf"(?<![\w.,`#/'-])(?P<figures>{_FIGURES})(?![\w-]|\.\d)(?:{_MEASURE})?", re.IGNORECASE)
NOT_PROSE = re.compile(
    r"```.*?```|`[^`\n]*`|(?:\[\d\d)?\]\([^)]*\)|^#+ (?:\d+ \u00b7|\d+\.)|^\s*\d+\. |^\*About \d+ minutes.*$"
    r"|[Nn]otebooks? \d\d(?:(?: \([a-z ]+\))?(?:,| to| and| or) \d\d)*(?: \([a-z ]+\))?",
    re.DOTALL | re.MULTILINE,
)


class Quote(NamedTuple):
    """A number in the prose."""

    text: str  # as it is written
    value: float  # without its unit
    times: float  # what its unit is in s, or in bytes; 1 for any other
    around: str  # the sentence, more or less


def quotes(text: str) -> Iterator[Quote]:
    """What a text quotes."""
    prose = NOT_PROSE.sub(lambda found: " " * len(found[0]), text)
    for found in QUOTED.finditer(prose):
        unit = (found["unit"] or "").lower()
        value = float(found["figures"].replace(",", ""))
        if (not unit and len(found["figures"]) < 2) or value in TABLE:
            continue
        around = " ".join(text[max(0, found.start() - 50) : found.end() + 30].split())
        yield Quote(" ".join(found[0].split()), value, UNITS.get(unit, 1), around)


def numbers(text: str) -> set[float]:
    """All numbers in a text."""
    figures = re.findall(rf"(?<![\w.]){_FIGURES.replace(',', '[,_]')}", text)
    return {float(found.replace(",", "").replace("_", "")) for found in figures}


def told(cell: dict[str, Any]) -> str:
    """The code of a cell, and what it has answered in words."""
    answers = [source(cell)]
    for output in cell.get("outputs", []):
        answers.append("".join(output.get("text", "")))
        answers.append("".join(output.get("data", {}).get("text/plain", "")))
    return "\n".join(answers)


def unproduced(notebook: Notebook) -> list[Quote]:
    """The quotes whose value is in no cell above the text, nor in the cells that come right after it."""
    found, cells = [], notebook["cells"]
    for at, cell in enumerate(cells):
        if cell["cell_type"] != "markdown":
            continue
        below = next(
            (later for later in range(at + 1, len(cells)) if cells[later]["cell_type"] == "markdown"), len(cells)
        )
        seen = numbers("\n".join(told(each) for each in cells[:below] if each["cell_type"] == "code"))
        found += [quote for quote in quotes(source(cell)) if not _is_in(quote, seen)]
    return found


def _is_in(quote: Quote, seen: set[float]) -> bool:
    """As it is written; in s or bytes; in thousandths of that (seconds told in ms); as a pause (ten times a second)."""
    plain = quote.value * quote.times
    wanted = (quote.value, plain, 1000 * plain, 1 / quote.value)
    return any(abs(value - each) <= 1e-9 * each for each in wanted for value in seen)
