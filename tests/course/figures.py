"""Print what the judge achieves, as one table: run it on a machine that does nothing else.

    python -m tests.course.figures                       every exercise, each answer with 30 seeds: some hours
    python -m tests.course.figures --seeds 2 06-outbox   minutes

A flip is a known answer that one seed does not judge as expected; a line below the table tells each of them, and each
mutant that is neither caught nor in survivors.toml. Exit code 1 if there is any.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from labkit.course.exercises import exercise, exercises
from labkit.course.judging import judge
from labkit.course.paths import original
from labkit.course.result import Result
from labkit.course.source import of_file
from tests.course.answers import Known, known, unseen
from tests.course.matrix import faults, judgements, results
from tests.course.mutants import mutants
from tests.course.test_mutants import SURVIVORS

SEEDS, OTHERS = 30, 3
HEAD = ("exercise", "checks: situations", "s", "mutants caught", "explained", "of other answers", "flips", "runs")


class Caught(NamedTuple):
    """Mutants of one answer: how many there are, and which no check fails."""

    total: int
    alive: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.total - len(self.alive)}/{self.total}"


class Row(NamedTuple):
    """The figures of one exercise, and a line for each thing that is not as it should be."""

    cells: tuple[str, ...]
    wrong: tuple[str, ...]


def reference(name: str) -> Known:
    """Return an exercise's own solution as a known answer."""
    path = original() / "solutions" / f"{name}.ipynb"
    return Known(name, "right", "the solution", of_file(path, exercise(name).answer).source)


def situations(result: Result) -> str:
    """Return each check with the number of situations that it played; a check of a whole server plays scenes."""
    counts = {check.id: re.match(r"(\d+) situations", check.actual) for check in result if check.id != "runs"}
    return ", ".join(f"{name} {count[1] if count else 'scenes'}" for name, count in counts.items())


async def caught(name: str, source: str) -> Caught:
    """Judge every mutant of an answer."""
    found = mutants(source)
    judged = await judgements((name, mutant.source) for mutant in found)
    alive = (mutant.name for mutant, result in zip(found, judged) if result.verdict != "fail")
    return Caught(len(found), tuple(alive))


async def flips(answers: Sequence[Known], seeds: int) -> list[str]:
    """Return a line for each answer and seed that are not judged as expected."""
    return [
        f"seed {seed}: {line}" for seed in range(1, seeds + 1) for line in faults(await results(answers, seed=seed))
    ]


async def row(name: str, seeds: int, others: int) -> Row:
    """Take the figures of one exercise."""
    ours = reference(name)
    alone = await judge(exercise(name), ours.source)
    answers = [ours, *known(name), *unseen(name)]
    flipped = await flips(answers, seeds)
    mine = await caught(name, ours.source)
    explained = [one for one in mine.alive if one in SURVIVORS.get(name, {})]
    theirs = {one.name: await caught(name, one.source) for one in unseen(name)[:others] if one.is_right}
    cells = (
        *(name, situations(alone), f"{alone.seconds:.1f}", str(mine), str(len(explained))),
        *(", ".join(map(str, theirs.values())), str(len(flipped)), str(len(answers) * seeds)),
    )
    unexplained = [f"{name}: alive: {one}" for one in mine.alive if one not in explained]
    return Row(
        cells, (*flipped, *unexplained, *(f"{who}: alive: {one}" for who, it in theirs.items() for one in it.alive))
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, a row as soon as it is known."""
    parser = argparse.ArgumentParser(prog="tests.course.figures", description="Print what the judge achieves.")
    parser.add_argument("exercises", nargs="*", metavar="ID", choices=[[], *exercises()], help="all without any")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"for each known answer (default {SEEDS})")
    parser.add_argument("--others", type=int, default=OTHERS, help=f"answers to mutate besides ours (default {OTHERS})")
    asked = parser.parse_args(arguments)
    wrong: list[str] = []
    print("", *HEAD, "", sep=" | ")
    print("", *("-" for _ in HEAD), "", sep=" | ")
    for name in asked.exercises or exercises():
        found = asyncio.run(row(name, asked.seeds, asked.others))
        print("", *found.cells, "", sep=" | ", flush=True)
        wrong += found.wrong
    print("", *wrong, sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
