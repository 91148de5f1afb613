"""The learner's seed, which gives neighbours different numbers in the same experiment.

    seed()                       # for any function with a seed argument
    drawn("letters", 500, 700)   # a whole number, always the same for this learner

The seed is a number or a name, from LABKIT_SEED or from the file `labkit-seed` in the working copy, which
`labkit lab DIR --seed NAME` writes. Without either it is 1, which the saved notebooks use.
"""

import os
from random import Random

from labkit.bench import working_copy
from labkit.text import files as text_files

VARIABLE = "LABKIT_SEED"
FILE = "labkit-seed"
SAVED_WITH = 1


def seed() -> int:
    """Return this learner's seed. A name becomes the same number on every machine."""
    return number_of(os.environ.get(VARIABLE) or _of_this_copy())


def number_of(text: str) -> int:
    """Convert the text of a seed to a number. Empty text gives the seed of the saved notebooks."""
    value = text.strip()
    if not value:
        return SAVED_WITH
    return int(value) if value.isdecimal() else Random(value).getrandbits(32)


def drawn(what: str, low: int, high: int) -> int:
    """Draw a number from `low` to `high` for the purpose `what`. A cell that is re-run draws the same number."""
    return Random(f"{seed()} {what}").randint(low, high)


def _of_this_copy() -> str:
    """Read the seed from this folder, its parent (a kernel runs in its notebook's folder), or the working copy."""
    here = working_copy.here()
    for folder in (here, here.parent, working_copy.current() or here):
        if (folder / FILE).is_file():
            return text_files.read(folder / FILE)
    return ""
