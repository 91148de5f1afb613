"""The newest answer to each exercise that failed here, with what its check found, beside the learner's progress.

    keep(progress, result, answer, seed=1)      # the result is a fail
    kept(progress, "02-auth")                   # a Failed, or None: never failed, or passed since
    forget(progress, "02-auth")                 # it passes now

It stays on this machine, unless the learner decides to show it to the instructor of a class.
"""

import contextlib
import json
from pathlib import Path

import msgspec

from labkit.course.progress import Progress, using_home
from labkit.course.result import Result, shortened
from labkit.course.source import Answer
from labkit.platform import plain_file
from labkit.platform.replacing import write

FOLDER = "failed"
LONGEST_LINE = 500  # characters, of one line of evidence


class Failed(msgspec.Struct):
    """An answer that failed: its source, the name that it has there, and the first check that failed.

    `tag`: the misconception that this shows; `evidence`: one line for each message or call; `seed`: that of the check.
    """

    exercise: str
    name: str
    source: str
    seed: int
    check: str
    expected: str
    actual: str
    evidence: list[str]
    tag: str | None = None


def keep(progress: Progress, result: Result, answer: Answer, seed: int) -> None:
    """Keep an answer that failed, readable only by its owner, as the folder is. Raises NoHome."""
    first = result.first_failed
    if first is None:
        return
    failed = Failed(
        exercise=result.exercise.id,
        name=answer.name,
        source=answer.source,
        seed=seed,
        check=first.id,
        expected=first.expected,
        actual=first.actual,
        evidence=[line[:LONGEST_LINE] for line in shortened(first.evidence)],
        tag=first.misconception,
    )
    path = _path(progress, failed.exercise)
    with using_home(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write(path, json.dumps(msgspec.to_builtins(failed)))  # ASCII: an answer may contain half a character


def kept(progress: Progress, exercise: str) -> Failed | None:
    """Return the newest answer that failed, or None if there is none that can be read."""
    with contextlib.suppress(OSError, ValueError, msgspec.ValidationError, RecursionError):
        return msgspec.convert(json.loads(plain_file.read_bytes(_path(progress, exercise))), Failed)
    return None


def forget(progress: Progress, exercise: str) -> None:
    """Forget the answer that failed, if there is one. Raises NoHome."""
    path = _path(progress, exercise)
    with using_home(path):
        path.unlink(missing_ok=True)


def _path(progress: Progress, exercise: str) -> Path:
    return progress.path.parent / FOLDER / f"{exercise}.json"
