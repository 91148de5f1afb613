"""Send the answer of a pass to the class, as comments in the answers room that each carry one piece of it.

    pieces({"exercise": "02-auth", "name": "handler", "source": "..."}, "b1f0-12")
    [{"target": "b1f0-12 1/2", "text": ...}, {"target": "b1f0-12 2/2", "text": ...}]

The pieces name the request of the record that they belong to, and are sent before it. A student may write to the
answers room, and only the instructor can read it.
"""

import json
from collections.abc import Mapping
from typing import Any

from labkit.course.passed import Passed

PIECE = 1000  # characters, the longest text of a comment
MOST_PIECES = 100


class TooLong(ValueError):
    """The answer is too long to submit."""


def pieces(answer: Mapping[str, Any], request: str) -> list[dict[str, str]]:
    """Return the fields of the comments that carry an answer, or a case. Raises TooLong."""
    whole = json.dumps(answer)  # ASCII, so that a piece has as many UTF-16 units as characters
    parts = [whole[at : at + PIECE] for at in range(0, len(whole), PIECE)]
    if len(parts) > MOST_PIECES:
        raise TooLong(f"the answer takes {len(whole):,} characters; at most {MOST_PIECES * PIECE:,} can be submitted")
    return [{"target": f"{request} {number}/{len(parts)}", "text": part} for number, part in enumerate(parts, 1)]


class Assembly:
    """The answers in the events of the answers room, by student and request."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], dict[str, str]] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Add an event of the answers room; if a number repeats, the first piece counts."""
        if event.get("type") == "comment":
            request, _, number = str(event["target"]).partition(" ")
            self._parts.setdefault((str(event["userId"]), request), {}).setdefault(number, str(event["text"]))

    def get(self, student: str, request: str) -> Passed | None:
        """Return a student's answer, or None if it is incomplete or invalid."""
        try:
            found = self.whole(student, request)
            return Passed(exercise=str(found["exercise"]), name=str(found["name"]), source=str(found["source"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def whole(self, student: str, request: str) -> Any:
        """Return what a student's pieces add up to.

        Raises KeyError if one is missing; ValueError, RecursionError for bad JSON.
        """
        parts = self._parts.get((student, request), {})
        count = len(parts)
        return json.loads("".join(parts[f"{number}/{count}"] for number in range(1, count + 1)))
