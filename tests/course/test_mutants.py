"""Mutants of each solution: nearly all are caught, and each that is not is listed with the reason."""

import asyncio
import tomllib
from pathlib import Path

import pytest

from labkit.course.exercises import exercise, exercises
from labkit.course.paths import original
from labkit.course.source import of_file
from tests.course.matrix import judgements
from tests.course.mutants import Mutant, mutants

SURVIVORS = tomllib.loads((Path(__file__).parent / "survivors.toml").read_text(encoding="utf-8"))
LEAST_CAUGHT = 0.9


def of(name: str) -> list[Mutant]:
    """The mutants of an exercise's solution."""
    return mutants(of_file(original() / "solutions" / f"{name}.ipynb", exercise(name).answer).source)


async def survivors(name: str, found: list[Mutant]) -> list[str]:
    """Those that no check fails: that nobody can tell is not caught."""
    results = await judgements((name, mutant.source) for mutant in found)
    return [mutant.name for mutant, result in zip(found, results) if result.verdict != "fail"]


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", exercises())
def test_mutants_are_caught(name: str) -> None:
    """At least 90 of 100, and the others are those in survivors.toml."""
    found = of(name)
    alive = asyncio.run(survivors(name, found))
    assert len(found) >= 10
    assert sorted(alive) == sorted(SURVIVORS.get(name, {}))
    assert len(alive) <= (1 - LEAST_CAUGHT) * len(found)


@pytest.mark.parametrize("name", exercises())
def test_listed_survivors_are_mutants(name: str) -> None:
    """A line of survivors.toml that names no mutant any more is stale; each has its reason."""
    listed = SURVIVORS.get(name, {})
    assert set(listed) - {mutant.name for mutant in of(name)} == set()
    assert all(len(reason) > 20 for reason in listed.values())


def test_mutant_differs_in_one_place() -> None:
    """The kinds that are promised, on a small program."""
    source = "import x\nasync def f(a):\n    if not a < 3 and a:\n        return await g(1)\n    h()\n    return True\n"
    names = {mutant.name.partition(":")[0] for mutant in mutants(source)}
    assert {"Lt to LtE", "And to Or", "3 to 4", "3 to 2", "always True", "always False"} <= names
    assert {"True turned", "returns None", "await dropped from g(1)", "dropped 'h()'"} <= names
    assert len({mutant.source for mutant in mutants(source)}) == len(mutants(source))
