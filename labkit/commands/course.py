"""`labkit course`: verbs for learners and for authors of exercises."""

import asyncio
from pathlib import Path

import click

from labkit.bench import working_copy
from labkit.classroom.membership import NotAdmitted, read
from labkit.classroom.solutions import NotGiven, from_class
from labkit.commands.failing import CannotRun
from labkit.course import learner_files
from labkit.course.build import build as build_course
from labkit.course.exercise import Exercise
from labkit.course.exercises import NoExercise, exercises
from labkit.course.exercises import exercise as by_id
from labkit.course.generate import BadSource
from labkit.course.learning_path import PATHS
from labkit.course.paths import copy_in_use, is_checkout, original
from labkit.course.progress import NoHome, Progress, Record
from labkit.course.solutions import solution
from labkit.course.source import NoSource
from labkit.course.start_page import as_text, next_lesson
from labkit.course.verify import verify as verify_course
from labkit.platform.os_errors import describe

NO_SOLUTIONS = (
    "an installed labkit has no solutions; a class gives one after a verified pass, and the course's repository has "
    "all of them"
)
EXAMPLES = """\b
Examples:
  labkit course path
  labkit course list
  labkit course reset 02-auth
  labkit course diff 02-auth
  labkit course build --check
"""


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@click.group(epilog=EXAMPLES)
def course() -> None:
    """Show your path, list and reset exercises, compare your answer with ours, and build and verify the course."""


@course.command("list", epilog=_examples("labkit course list"))
def list_them() -> None:
    """List every exercise and your progress."""
    states: dict[str, str] = {}
    records = _records()
    for record in records:
        if record["status"] not in ("help", "started"):  # raising or lowering a hand is not an attempt
            states[record["exercise"]] = record["status"]
        states.setdefault(record["exercise"], "started")
    for one in exercises().values():
        state = "passed" if learner_files.has_passed(one, records) else states.get(one.id, "-")
        click.echo(f"{one.id:<18}{state:<14}{one.title}")


@course.command(epilog=_examples("labkit course path", "labkit course path --all"))
@click.option("--all", "is_all", is_flag=True, help="Also the one-day path, and all notebooks and exercises.")
def path(is_all: bool) -> None:
    """Show how far you are on the 90-minute path, and what comes next."""
    copy = copy_in_use()
    if copy is None:
        raise CannotRun(f"there is no working copy in or around {working_copy.here()}; `labkit lab` creates one")
    records = _records()
    for shown in PATHS if is_all else PATHS[:1]:
        click.echo("\n".join(as_text(shown, copy, records)) + "\n")
    upcoming = next_lesson(copy, records)
    click.echo("you have finished the course" if upcoming is None else f"next: {upcoming.file}")


@course.command(
    epilog=_examples(
        "labkit course build  # after a change in solutions/",
        "labkit course build --check  # exit 1 when exercises/ is out of date",
    )
)
@click.option("--check", "is_only_compared", is_flag=True, help="Write nothing; exit 1 when a file is out of date.")
def build(is_only_compared: bool) -> None:
    """Generate exercises/ from solutions/ in this checkout."""
    _must_be_checkout()
    try:
        changed = build_course(original(), is_only_compared=is_only_compared)
    except (BadSource, OSError, ValueError) as error:
        raise CannotRun(str(error)) from None
    for path in changed:
        click.echo(f"{'out of date' if is_only_compared else 'written'}: {path.relative_to(original())}")
    raise click.exceptions.Exit(1 if changed and is_only_compared else 0)


@course.command(epilog=_examples("labkit course verify"))
def verify() -> None:
    """Verify the course. Exit 0: no problems. 1: problems found.

    Blanks must count as not started, solutions must pass, hints must exist, and files must be up to date.
    """
    _must_be_checkout()
    faults = asyncio.run(verify_course(original()))
    click.echo("\n".join(faults) or f"{len(exercises())} exercises, no problems found")
    raise click.exceptions.Exit(1 if faults else 0)


@course.command(epilog=_examples("labkit course reset 02-auth"))
@click.argument("exercise_id", metavar="ID")
def reset(exercise_id: str) -> None:
    """Restore exercise ID to its original state. Your version is kept beside it."""
    try:
        made, kept = learner_files.reset(_exercise(exercise_id))
    except OSError as error:  # such as a file where .saved should be a folder
        raise CannotRun(f"cannot reset {exercise_id}: {describe(error)}; nothing was changed") from None
    click.echo(f"{made} is back in its original state" + (f"; yours is kept in {kept}" if kept else ""))


@course.command(
    epilog=_examples(
        "labkit course diff 02-auth  # once you have passed",
        "labkit course diff 02-auth --answer my_handler.py --peek",
    )
)
@click.argument("exercise_id", metavar="ID")
@click.option(
    "--answer",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A Python file or a notebook.  [default: the exercise's notebook]",
)
@click.option("--peek", is_flag=True, help="Show the solution even if you have not passed; only in a checkout.")
def diff(exercise_id: str, answer: Path | None, peek: bool) -> None:
    """Compare your answer with our solution, once you have passed.

    An installed labkit has no solutions, so --peek cannot show one: a class gives it, after a verified pass or when the
    instructor opens it.
    """
    asked = _exercise(exercise_id)
    ours = solution(asked)
    if ours is None:
        ours = _from_class(asked, peek)
    elif not peek and not _has_passed(asked):
        raise CannotRun(f"pass {asked.id} first, or use --peek; `labkit check {asked.id}` gives hints")
    try:
        click.echo(learner_files.diff(asked, ours, answer) or "your answer is identical to ours")
    except NoSource as error:
        raise CannotRun(str(error)) from None


def _from_class(asked: Exercise, peek: bool) -> str:
    cannot = "--peek cannot show it: " if peek else ""
    try:
        member = read()
        if member is None:
            raise CannotRun(f"{cannot}{NO_SOLUTIONS}")
        return from_class(member, asked.id)
    except (NotGiven, NotAdmitted, NoHome) as error:
        raise CannotRun(f"{cannot}{error}") from None
    except OSError as error:
        raise CannotRun(f"{cannot}the class does not answer ({describe(error)}); try again") from None


def _must_be_checkout() -> None:
    if not is_checkout():
        raise CannotRun("an installed labkit has no solutions; run this in a checkout of the course")


def _records() -> list[Record]:
    try:
        return Progress().records()
    except NoHome as error:
        click.echo(f"cannot read your progress: {error}", err=True)
        return []


def _has_passed(asked: Exercise) -> bool:
    try:
        return learner_files.has_passed(asked, Progress().records())
    except NoHome as error:
        raise CannotRun(f"cannot tell whether you have passed {asked.id}: {error}, or use --peek") from None


def _exercise(exercise_id: str) -> Exercise:
    try:
        return by_id(exercise_id)
    except NoExercise as error:
        raise CannotRun(str(error)) from None
