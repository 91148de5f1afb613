"""The learner's seed: two neighbours see different numbers, and the same truth.

    seed()                       # for whatever takes a seed
    drawn("letters", 500, 700)   # a whole number; the same whenever this learner asks for it

A number or a name, from LABKIT_SEED; else from the file `labkit-seed` of the working copy, which
`labkit lab DIR --seed NAME` writes. Without either it is 1, with which the notebooks are saved and compared.
"""

import os
from pathlib import Path
from random import Random

from labkit import textfile

VARIABLE = "LABKIT_SEED"
FILE = "labkit-seed"
SAVED_WITH = 1


def seed() -> int:
    """This learner's seed. A name becomes a number, the same on every machine."""
    said = (os.environ.get(VARIABLE) or _of_this_copy()).strip()
    if not said:
        return SAVED_WITH
    return int(said) if said.isdecimal() else Random(said).getrandbits(32)


def drawn(what: str, low: int, high: int) -> int:
    """A number from `low` to `high`, drawn for `what`: a cell that runs again draws the same."""
    return Random(f"{seed()} {what}").randint(low, high)


def _of_this_copy() -> str:
    """The seed that lies in this folder or in the one above it: a kernel's folder is the notebook's."""
    for folder in (Path.cwd(), Path.cwd().parent):
        if (folder / FILE).is_file():
            return textfile.read(folder / FILE)
    return ""
