"""The text is the contract: each property enforces sentences that the exercise's notebook contains, word for word."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.course.exercises import (
    auth,
    backoff,
    close_codes,
    find_fault,
    history,
    outbox,
    silence,
    stored_first,
    validator,
    write_probe,
)
from labkit.course.models.property import Property
from labkit.course.paths import original

PLAYED = {
    "02-auth": auth.PROPERTIES,
    "03-history": history.PROPERTIES,
    "04-validator": validator.PROPERTIES,
    "05-silence": silence.PROPERTIES,
    "06-outbox": outbox.PROPERTIES,
    "07-backoff": backoff.PROPERTIES,
    "07-close-codes": close_codes.PROPERTIES,
    "08-stored-first": stored_first.PROPERTIES,
    "09-find-fault-1": find_fault.PROPERTIES,
    "09-find-fault-2": write_probe.PROPERTIES,
}


def text_of(notebook: Path) -> str:
    """What a notebook asks for."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def cases() -> Iterator[tuple[str, Property]]:
    for name, properties in PLAYED.items():
        for one in properties:
            yield name, one


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
@pytest.mark.parametrize(("name", "tested"), list(cases()), ids=lambda value: getattr(value, "id", value))
def test_property_enforces_sentences_of_the_text(folder: str, name: str, tested: Property) -> None:
    asked = text_of(original() / folder / f"{name}.ipynb").partition("## What is asked")[2]
    assert tested.enforces
    assert [sentence for sentence in tested.enforces if sentence not in asked] == []


@pytest.mark.parametrize("name", PLAYED)
def test_freedoms_are_told(name: str) -> None:
    asked = text_of(original() / "exercises" / f"{name}.ipynb")
    assert "You are free to" in asked
    assert "Not tested:" in asked
