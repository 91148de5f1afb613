"""The text is the contract: each property enforces sentences that the exercise's notebook contains, word for word."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.course.exercise import Check
from labkit.course.exercises import (
    auth,
    backoff,
    capstone,
    close_codes,
    find_fault,
    history,
    outbox,
    rooms,
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
    "03-rooms": rooms.PROPERTIES,
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


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
@pytest.mark.parametrize("check", capstone.EXERCISE.checks, ids=lambda check: check.id)
def test_scene_enforces_sentences_of_the_text(folder: str, check: Check) -> None:
    asked = text_of(original() / folder / "10-capstone.ipynb").partition("## What is asked")[2]
    assert capstone.ENFORCES[check.id]
    assert [sentence for sentence in capstone.ENFORCES[check.id] if sentence not in asked] == []


def test_replaced_settings_are_told() -> None:
    asked = text_of(original() / "exercises" / "10-capstone.ipynb")
    assert [
        name for name in capstone.EXERCISE.settings if f"`{name}`" not in asked.partition("The check replaces")[2]
    ] == []


@pytest.mark.parametrize("name", [*PLAYED, "10-capstone"])
def test_freedoms_are_told(name: str) -> None:
    asked = text_of(original() / "exercises" / f"{name}.ipynb")
    assert "You are free to" in asked
    assert "Not tested:" in asked
