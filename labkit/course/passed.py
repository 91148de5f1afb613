"""The answers that passed here, each kept beside the learner's progress as the check saw it.

    keep(progress, 12, "02-auth", answer)      # record 12 of this progress file is a pass
    kept(progress, 12)                         # {"exercise": "02-auth", "name": "handler", "source": "..."}, or None

They stay on this machine, unless the learner joins a class that verifies passes and agrees to hand them in.
"""

import contextlib
import json
from pathlib import Path
from typing import TypedDict

from labkit.course.progress import Progress, using_home
from labkit.course.source import Answer
from labkit.platform import plain_file
from labkit.platform.replacing import write

FOLDER = "passed"


class Passed(TypedDict):
    """An answer: the exercise, the answer's name in its source, and the source."""

    exercise: str
    name: str
    source: str


def keep(progress: Progress, n: int, exercise: str, answer: Answer) -> None:
    """Keep the answer of record `n`, readable only by its owner, as the folder is. Raises NoHome."""
    path = _path(progress, n)
    with using_home(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write(path, json.dumps(Passed(exercise=exercise, name=answer.name, source=answer.source)))


def kept(progress: Progress, n: int) -> Passed | None:
    """Return the answer of record `n`, or None if there is none that can be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        found = json.loads(plain_file.read_bytes(_path(progress, n)))
        return Passed(exercise=str(found["exercise"]), name=str(found["name"]), source=str(found["source"]))
    return None


def _path(progress: Progress, n: int) -> Path:
    return progress.path.parent / FOLDER / f"{n}.json"
