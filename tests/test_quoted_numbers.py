"""Every number that the prose of the course quotes comes from a cell, or has its source in `quoted_numbers.toml`."""

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.notebook_guards import Notebook, read, source
from tests.quoted_numbers import numbers, quotes, unproduced

COURSE = {path.stem: path for path in sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))}
LEDGER: dict[str, list[dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("quoted_numbers.toml").read_text(encoding="utf-8")
)
ENTRIES = [(name, entry) for name, entries in LEDGER.items() for entry in entries]


def cell(kind: str, text: str, output: str = "") -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": [output]}] if kind == "code" else []
    return {"cell_type": kind, "source": text.splitlines(keepends=True), "outputs": outputs}


def prose(notebook: Notebook) -> str:
    return "\n".join(source(each) for each in notebook["cells"] if each["cell_type"] == "markdown")


@pytest.mark.parametrize("name", COURSE)
def test_every_quoted_number_has_a_source(name: str) -> None:
    """Red when a measurement changes and the sentence about it does not."""
    says = [entry["says"] for entry in LEDGER.get(name, [])]
    sourced = [number for text in says for number in quotes(text)]
    known = {(number.text, number.value) for number in sourced}
    assert [quote for quote in unproduced(read(COURSE[name])) if (quote.text, quote.value) not in known] == []


@pytest.mark.parametrize(
    ("name", "entry"), ENTRIES, ids=lambda each: each["says"][:30] if isinstance(each, dict) else each
)
def test_every_source_is_needed_and_gives_the_number(name: str, entry: dict[str, str]) -> None:
    """A source is no older than its sentence, and a constant of the kit has the value that is told."""
    assert entry["says"] in prose(read(COURSE[name]))
    assert [quote for quote in unproduced(read(COURSE[name])) if quote.text in entry["says"]]
    assert ("is" in entry) != ("why" in entry)
    if "is" in entry:
        module, _, expression = entry["is"].partition(":")
        told = {quote.value for quote in quotes(entry["says"])}
        assert told == {eval(expression, vars(import_module(module)))}


def test_what_is_a_quote_and_what_is_not() -> None:
    """A measure makes one, or more than a digit; names of notebooks, codes, lists and code are none."""
    text = """# 05 \u00b7 A title
1. It waits for 3 s, then for half a minute; 1,024 came, and 2 % left, 10 times a second.
One of them, two ends, `retry=777`, notebooks 02 to 06, closed with 1013.
"""
    assert [quote.text for quote in quotes(text)] == ["3 s", "1,024", "2 %", "10 times"]


@pytest.mark.parametrize(
    ("said", "code", "output"),
    [
        ("It took 3.5 s.", "wait()", "took 3.5 s"),
        ("It took 0.5 seconds.", "wait(0.5)", ""),
        ("It took 2 seconds.", "wait()", "2000 ms"),
        ("It asks 20 times a second.", "sleep(0.05)", ""),
        ("10,000 clients came.", "storm(10_000)", ""),
        ("It kept 1,024 of them.", "", "kept 1,024"),
        ("It kept 2 KB.", "", "2000"),
    ],
)
def test_a_number_must_be_in_a_cell_above_or_right_below(said: str, code: str, output: str) -> None:
    """Above, or introduced by the text; not further down, and not another number."""
    text, produced, other = cell("markdown", said), cell("code", code, output), cell("code", "print(7)", "7")
    assert unproduced({"cells": [produced, other, text, other]}) == []
    assert unproduced({"cells": [other, text, other, produced]}) == []
    assert unproduced({"cells": [other, text, other, cell("markdown", "Next."), produced]}) != []
    assert unproduced({"cells": [other, text, other]}) != []


def test_numbers_in_code_are_read_as_python_writes_them() -> None:
    """With underscores, commas and points."""
    assert numbers("storm(10_000, 0.25) -> 1,024 back, x2y") == {10_000, 0.25, 1024}
