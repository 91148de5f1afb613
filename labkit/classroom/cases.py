"""The case that a student sends the instructor: one failed answer, and what the check found.

It is sent as comments in the help room, in pieces like a submitted answer. A student may write to that room, and only
the instructor can read it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from labkit.classroom.board import well_formed
from labkit.classroom.grading.submission import Assembly
from labkit.course.failed import Failed

MOST_UNFINISHED = 20  # incomplete cases per student
MOST_SHOWN = 40  # cases per student


class Shown(NamedTuple):
    """A case in a class. `at`: when it arrived, ISO time of the server."""

    failed: Failed
    at: str


def lines(failed: Failed) -> list[str]:
    """Return a case as text: exactly what is sent, and nothing else."""
    found = [
        f"exercise  {failed.exercise}, answer {failed.name}, seed {failed.seed}",
        f"check     {failed.check}: {failed.expected}",
        *_labelled("messages", failed.evidence),
        *_labelled("actual", failed.actual.split("\n")),
        *([f"shows     {failed.tag}"] if failed.tag else []),
        "the cell",
    ]
    return [*found, *(f"    {line}" for line in failed.source.split("\n"))]


def _labelled(name: str, texts: list[str]) -> list[str]:
    return [f"{name if at == 0 else '':<9} {line}" for at, line in enumerate(texts)]


class Cases:
    """The newest case of each student and exercise, built from the events of the help room."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Shown]] = {}
        self._unfinished: dict[str, dict[str, Assembly]] = {}  # by student and request

    def add(self, event: Mapping[str, Any]) -> None:
        """Add an event of the help room."""
        if event.get("type") != "comment" or event.get("erased"):
            return
        student, request = str(event["userId"]), str(event["target"]).partition(" ")[0]
        unfinished = self._unfinished.setdefault(student, {})
        assembly = unfinished.setdefault(request, Assembly())
        assembly.add(event)
        with suppress(KeyError, ValueError, RecursionError, msgspec.ValidationError):
            failed = msgspec.convert(_well_formed(assembly.whole(student, request)), Failed)
            del unfinished[request]
            found = self._found.setdefault(student, {})
            found.pop(failed.exercise, None)
            found[failed.exercise] = Shown(failed, str(event["sentAt"]))
            _limit(found, MOST_SHOWN)
        _limit(unfinished, MOST_UNFINISHED)

    def of(self, student: str) -> dict[str, Shown]:
        """Return a student's cases by exercise, newest last."""
        return dict(self._found.get(student, {}))

    def forget(self, student: str) -> None:
        """Forget a student whose data was removed."""
        self._found.pop(student, None)
        self._unfinished.pop(student, None)


def _limit(found: dict[str, Any], most: int) -> None:
    """Forget the oldest entries beyond `most`."""
    while len(found) > most:
        del found[next(iter(found))]


def _well_formed(whole: Any) -> Any:
    """Replace lone surrogates, which JSON allows, but files, pages and programs do not."""
    return json.loads(well_formed(json.dumps(whole, ensure_ascii=False)))
