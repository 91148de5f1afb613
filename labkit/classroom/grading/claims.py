"""The claims in a class file: each pass that a student's machine reported, with the answer that came with it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.classroom.grading.submission import Assembly
from labkit.classroom.register import answers_of, room_of
from labkit.course.passed import Passed
from labkit.wire.audit.reading import reading, rows


@dataclass(frozen=True, slots=True)
class Claim:
    """One reported pass, and the answer that came with it."""

    student: str
    exercise: str
    request: str
    answer: Passed | None


def claims(path: Path, class_id: str) -> list[Claim]:
    """Return the reported passes in a class file, in order of arrival. Raises AuditError."""
    assembly = Assembly()
    reported: dict[tuple[str, str], str] = {}
    for room, event in _events(path):
        if room == answers_of(class_id):
            assembly.add(event)
        elif room == room_of(class_id) and event.get("type") == "exercise" and event.get("status") == "pass":
            reported.setdefault((str(event["userId"]), str(event.get("requestId"))), str(event["exercise"]))
    return [
        Claim(student, exercise, request, assembly.get(student, request))
        for (student, request), exercise in reported.items()
    ]


def _events(path: Path) -> Iterator[tuple[str | None, dict[str, Any]]]:
    with reading(path) as connection:
        for _, entry, _ in rows(connection):
            event = json.loads(entry.body or "{}") if entry.kind == "event" else {"erased": True}
            if not event.get("erased"):
                yield entry.room, event
