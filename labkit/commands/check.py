"""`labkit check ID`: check the answer to an exercise, in a terminal or in CI."""

import json
from pathlib import Path

import click

from labkit.classroom.joining import flush
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.course.checking import checked
from labkit.course.exercises import NoExercise, exercise
from labkit.course.judging import DEFAULT_SEED
from labkit.course.paths import answer_of
from labkit.course.result import EXIT_CODES, Result
from labkit.course.source import NoSource, of_file
from labkit.review.report import printable

EXAMPLES = """\b
Examples:
  labkit check 02-auth
  labkit check 02-auth --answer my_handler.py --seed 7
  labkit check 04-validator --answer exercises/04-validator.ipynb --json result.json
"""
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=EXAMPLES)
@click.argument("exercise_id", metavar="ID")
@click.option("--answer", type=FILE, help="A Python file or a notebook.  [default: the exercise's notebook]")
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Seed for the simulated network.")
@click.option(
    "--json", "json_file", type=OutputFile(dash=True), help="Write the result as JSON; - for standard output."
)
def check(exercise_id: str, answer: Path | None, seed: int, json_file: Path | None) -> None:
    """Check your answer to exercise ID. `labkit course list` lists the exercises.

    Exit 0: passed. 1: failed. 2: inconclusive, or not started.
    """
    try:
        asked = exercise(exercise_id)
        result = checked(asked, of_file(answer or answer_of(asked.id), asked.answer), seed)
    except (NoExercise, NoSource) as error:
        raise CannotRun(str(error)) from None
    _write(result, json_file)
    flush()
    raise click.exceptions.Exit(EXIT_CODES[result.verdict])


def _write(result: Result, json_file: Path | None) -> None:
    text = json.dumps(result.json(), indent=2) + "\n"
    if json_file == Path("-"):
        click.echo(text, nl=False)
        if result.unrecorded:
            click.echo(result.note, err=True)
        return
    click.echo("\n".join(printable(line) for line in str(result).split("\n")))
    if json_file is not None:
        try:
            json_file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotRun(f"cannot write {json_file}: {error.strerror}") from None
