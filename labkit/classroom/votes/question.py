"""A question that a class votes on: a text and its options."""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from labkit.classroom.board import well_formed
from labkit.classroom.posting import BadPost

LONGEST_TEXT, LONGEST_OPTION = 300, 120
FEWEST_OPTIONS, MOST_OPTIONS = 2, 8
MASK = "…"  # in a prediction, replaces what differs between machines
_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|{MASK}")


class BadQuestion(BadPost):
    """The question cannot be asked; the message says what to change."""


class Question(NamedTuple):
    """A question: its id, its text, and its options in order."""

    id: str
    text: str
    options: tuple[str, ...]


def key_of(text: str, options: Sequence[str]) -> str:
    """Return the id of a prediction: the same on every machine, even if the numbers in the text differ."""
    masked = json.dumps([_NUMBER.sub(MASK, one) for one in (text, *options)])
    return f"p{hashlib.sha256(masked.encode()).hexdigest()[:15]}"


def checked(text: str, options: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the text and options without spaces around them. Raises BadQuestion."""
    text, *offered = (" ".join(well_formed(one).split()) for one in (text, *options))
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise BadQuestion(f"the question has {len(text)} characters; give it 1 to {LONGEST_TEXT}")
    if not FEWEST_OPTIONS <= len(offered) <= MOST_OPTIONS:
        raise BadQuestion(f"the question has {len(offered)} options; give it {FEWEST_OPTIONS} to {MOST_OPTIONS}")
    for option in offered:
        if not 1 <= len(option) <= LONGEST_OPTION:
            raise BadQuestion(f"the option {option!r} has {len(option)} characters; give it 1 to {LONGEST_OPTION}")
        if offered.count(option) > 1:
            raise BadQuestion(f"the option {option!r} is offered twice; give each option once")
    return text, tuple(offered)


def option_of(options: Sequence[str], answer: str | int) -> int | None:
    """Return which option is meant, by its text or its number from 1; None if it is not offered."""
    text = " ".join(str(answer).split()).casefold()
    for at, option in enumerate(options):
        if option.casefold() == text and not isinstance(answer, int):
            return at
    is_number = text.isascii() and text.isdecimal() and len(text) < 3
    return int(text) - 1 if is_number and 1 <= int(text) <= len(options) else None
