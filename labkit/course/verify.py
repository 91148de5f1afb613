"""`labkit course verify`: the course tests itself. Each fault is a sentence that says what to do.

A blank must give `not started`, a solution must pass, hints must exist, and each file must be up to date and belong to
an exercise.
"""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from labkit.course import generate
from labkit.course.build import build
from labkit.course.exercise import Exercise
from labkit.course.exercises import exercises
from labkit.course.judging import judge
from labkit.course.notebook import cell_source, read_notebook
from labkit.course.result import NOT_STARTED
from labkit.course.running.faults import RUNS, SENTENCES
from labkit.course.source import of_file

AT_ONCE = 4


async def verify(home: Path) -> list[str]:
    """Verify the course in a folder, and return every fault found."""
    faults = [*listed(home), *(fault for one in exercises().values() for fault in well_made(one))]
    if faults:
        return faults
    try:
        stale = build(home, is_only_compared=True)
    except generate.BadSource as error:
        return [str(error)]
    faults += [f"{path.parent.name}/{path.name} is out of date; run `labkit course build`" for path in stale]
    faults += [fault for one in exercises().values() for fault in links_back(home, one)]
    return faults or await judged(home, exercises().values())


def listed(home: Path) -> Iterator[str]:
    """Yield notebooks that belong to no exercise, and exercises whose notebook is missing."""
    for folder in ("solutions", "exercises"):
        found = {path.stem for path in (home / folder).glob("*.ipynb")}
        for name in sorted(found - set(exercises())):
            yield f"{folder}/{name}.ipynb belongs to no exercise; remove it, or add labkit/course/exercises/..."
        for name in sorted(set(exercises()) - found):
            hint = "run `labkit course build`" if folder == "exercises" else "write it"
            yield f"{folder}/{name}.ipynb is missing; {hint}"


def well_made(asked: Exercise) -> Iterator[str]:
    """Yield an exercise's faults that can be found without an answer."""
    ids = [check.id for check in asked.checks]
    if RUNS in ids or len(set(ids)) < len(ids):
        yield f"{asked.id}: check ids must be unique and not {RUNS!r}: {ids}"
    tags = [one.tag for one in asked.misconceptions]
    if len(set(tags)) < len(tags) or set(tags) & set(SENTENCES):
        yield f"{asked.id}: tags of misconceptions must be unique, and none of labkit's own: {tags}"
    for number, check in enumerate(asked.checks):
        for need in check.needs:
            if need not in ids[:number]:
                yield f"{asked.id}: {check.id} needs {need!r}, which is not an earlier check"
    for one in asked.misconceptions:
        hints = [hint.strip() for hint in one.hints]
        if not all(hints) or len(set(hints)) < len(hints) or not one.sentence:
            yield f"{asked.id}: {one.tag} needs a sentence and three different hints"


def links_back(home: Path, asked: Exercise) -> Iterator[str]:
    """Yield a fault if an exercise's lesson is missing or does not link to the exercise."""
    path = home / "notebooks" / f"{asked.lesson}.ipynb"
    if not path.exists():
        yield f"{asked.id}: its lesson {path.name} is missing"
    elif f"../exercises/{asked.id}.ipynb" not in "".join(cell_source(cell) for cell in read_notebook(path)["cells"]):
        yield f"{path.name} has no link to ../exercises/{asked.id}.ipynb"


async def judged(home: Path, wanted: Iterable[Exercise]) -> list[str]:
    """Judge each blank, which must give `not started`, and each solution, which must pass."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(asked: Exercise) -> list[str]:
        blank, solution = (
            of_file(home / folder / f"{asked.id}.ipynb", asked.answer) for folder in ("exercises", "solutions")
        )
        async with turns:
            untouched = await judge(asked, blank.source)
            solved = await judge(asked, solution.source)
        faults = (
            []
            if untouched.state == NOT_STARTED
            else [f"{asked.id}: the blank is {untouched.verdict}, not {NOT_STARTED}"]
        )
        return faults if solved.verdict == "pass" else [*faults, f"{asked.id}: the solution fails\n{solved}"]

    return [fault for faults in await asyncio.gather(*map(one, wanted)) for fault in faults]
