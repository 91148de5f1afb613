"""The learner's seed, so that two neighbours see different numbers in the same experiment.

    seed()                       # for any function with a seed argument
    drawn("letters", 500, 700)   # a whole number, always the same for this learner

The seed is a number or a name, from LABKIT_SEED or from the file `labkit-seed` in the working copy, which
`labkit lab DIR --seed NAME` writes. Without either it is 1, which the saved notebooks use.
"""

import os
from pathlib import Path
from random import Random

VARIABLE = "LABKIT_SEED"
FILE = "labkit-seed"
SAVED_WITH = 1


def seed() -> int:
    """Return this learner's seed. A name becomes the same number on every machine."""
    value = (os.environ.get(VARIABLE) or _of_this_copy()).strip()
    if not value:
        return SAVED_WITH
    return int(value) if value.isdecimal() else Random(value).getrandbits(32)


def drawn(what: str, low: int, high: int) -> int:
    """Draw a number from `low` to `high` for `what`; a cell that runs again draws the same."""
    return Random(f"{seed()} {what}").randint(low, high)


def _of_this_copy() -> str:
    """Return the seed file in this folder or the one above: a kernel runs in the notebook's folder."""
    for folder in (Path.cwd(), Path.cwd().parent):
        if (folder / FILE).is_file():
            return (folder / FILE).read_text(encoding="utf-8")
    return ""
