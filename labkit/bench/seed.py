"""The learner's seed: two neighbours see different numbers, and the same truth.

    seed()                       # for whatever takes a seed
    drawn("letters", 500, 700)   # a whole number; the same whenever this learner asks for it

A number or a name, from LABKIT_SEED; else from the file `labkit-seed` of the working copy, which
`labkit lab DIR --seed NAME` writes. Without either it is 1, with which the notebooks are saved and compared.
"""

import os
from pathlib import Path
from random import Random

from labkit.bench import working_copy
from labkit.text import files as text_files

VARIABLE = "LABKIT_SEED"
FILE = "labkit-seed"
SAVED_WITH = 1


def seed() -> int:
    """This learner's seed. A name becomes a number, the same on every machine."""
    return number_of(os.environ.get(VARIABLE) or _of_this_copy())


def number_of(text: str) -> int:
    """Return the number that a written seed stands for; for an empty one, the seed of the saved notebooks."""
    said = text.strip()
    if not said:
        return SAVED_WITH
    return int(said) if said.isdecimal() else Random(said).getrandbits(32)


def drawn(what: str, low: int, high: int) -> int:
    """A number from `low` to `high`, drawn for `what`: a cell that runs again draws the same."""
    return Random(f"{seed()} {what}").randint(low, high)


def _of_this_copy() -> str:
    """Read the seed from this folder, from the one above it (a kernel runs beside its notebook), or from the copy."""
    here = Path.cwd()
    for folder in (here, here.parent, working_copy.current() or here):
        if (folder / FILE).is_file():
            return text_files.read(folder / FILE)
    return ""
