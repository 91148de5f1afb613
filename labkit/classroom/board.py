"""The state of a class: a pure fold of the class room's events, with no socket, clock or file.

    board = Board(["01-hello", "02-auth"])
    board.apply(event)                 # the student whose row changed, or None
    board.students["ana"].cells["02-auth"].status

Applying an event twice has no effect: each of a student's devices numbers its records, and the board ignores a number
that is not higher than the last one, so the whole history can be applied again at any time. The server sets the
student's name (`userId`), so no one can report for someone else. labkit/web/board_state.js is the same fold; a test
compares the two.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

Event = Mapping[str, Any]
Json = dict[str, Any]

READY = "ready"  # not an exercise: the record of `labkit doctor`, whose `check` lists what is missing
MOST_UNKNOWN = 12  # columns for exercises that the course does not list; a limit, so that nobody can flood the board
MOST_DEVICES = 8  # of one student
STUCK_FAILS = 3
STUCK_MS = 10 * 60_000  # time on one exercise ...
QUIET_MS = 5 * 60_000  # ... including this long without a check
FAR_MS = 365 * 24 * 3_600_000  # a clock further off is ignored; it also keeps times valid dates
_HALVES = re.compile("[\ud800-\udfff]")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)")


class Cell(msgspec.Struct, rename="camel"):
    """One student's state in one exercise. Times are in milliseconds since 1970, by the server's clock."""

    status: str
    first_at: int
    last_at: int
    check: str | None = None
    fails: int = 0  # consecutive failures
    same: int = 0  # how many of the latest failures were at the same check
    same_since: int | None = None  # when the first of those happened
    tries: int = 0
    passed_at: int | None = None

    def apply(self, status: str, check: str | None, at: int) -> None:
        """Apply one record to this cell."""
        if status == "fail":
            is_same = bool(self.fails) and check == self.check
            self.same = self.same + 1 if is_same else 1
            self.same_since = self.same_since if is_same else at
            self.fails += 1
        elif status == "pass":
            self.fails = self.same = 0
            self.same_since = None
            self.passed_at = at if self.passed_at is None else self.passed_at
        self.tries += status in ("fail", "pass", "inconclusive")
        self.status = status
        if status != "help":  # a raised hand is about the check that failed last
            self.check = check if status in ("fail", "inconclusive") else None
        self.last_at = max(self.last_at, at)

    def failing(self, now: int) -> str | None:
        """Return which check fails, for how long, and after how many tries; None if none fails."""
        if not self.fails:
            return None
        row = f"{self.fails} fails in a row"
        if self.check is None or self.same_since is None:
            return row
        more = f", {row}" if self.fails > self.same else ""
        return f"fails {self.check} for {minutes(now - self.same_since)}, {tries(self.same)}{more}"

    def on_task_ms(self, now: int) -> int:
        """Return the milliseconds from the first record until the exercise was solved, or until now."""
        return max(0, (now if self.passed_at is None else self.passed_at) - self.first_at)


class Row(msgspec.Struct, rename="camel"):
    """One student's row.

    `devices`: the highest record number from each device. `skew`: how far its clock lags, in ms. `missing`: the checks
    of its machine that found a problem, or None before it was examined.
    """

    cells: dict[str, Cell] = {}
    devices: dict[str, int] = {}
    current: str | None = None
    hand: str | None = None
    hand_at: int | None = None
    skew: int | None = None
    missing: list[str] | None = None

    def stuck(self, now: int) -> str | None:
        """Return why this student seems stuck: on which check, for how long, after how many tries. None if not."""
        cell = self.cells.get(self.current or "")
        if cell is None or cell.status == "pass":
            return None
        if cell.fails >= STUCK_FAILS:
            return cell.failing(now)
        quiet = now - cell.last_at
        if cell.on_task_ms(now) >= STUCK_MS and quiet >= QUIET_MS:
            last = f", after {tries(cell.tries)}, the last at {cell.check}" if cell.check else ""
            return f"no check for {minutes(quiet)}{last}"
        return None


class Board:
    """The state of one class. `exercises`: the ids of the course's exercises, in order."""

    def __init__(self, exercises: Iterable[str] = (), students: Iterable[str] = ()) -> None:
        self.exercises = list(exercises)
        self.students = {name: Row() for name in students}
        self._listed = len(self.exercises)

    @property
    def listed(self) -> list[str]:
        """The course's exercises, without columns that students added."""
        return self.exercises[: self._listed]

    def apply(self, event: Event) -> str | None:
        """Apply an event from the class room. Returns the student whose row changed, or None."""
        if event.get("type") != "exercise" or event.get("erased"):
            return None
        name, exercise = str(event["userId"]), well_formed(str(event["exercise"]))
        if exercise != READY and not self._has_column(exercise):
            return None
        row = self.students.setdefault(name, Row())
        if not _is_new(row.devices, well_formed(str(event.get("requestId"))), int(event["n"])):
            return None
        if exercise == READY:
            row.missing = well_formed(event["check"]).split(",") if event.get("check") else []
        else:
            self._update(row, exercise, event)
        return name

    def add(self, name: str) -> None:
        """Add a student who has sent nothing yet."""
        self.students.setdefault(name, Row())

    def wall(self) -> list[tuple[int, str, str, list[str]]]:
        """Return the currently failing checks as (count, exercise, check, students), highest count first."""
        who: dict[tuple[str, str], list[str]] = {}
        for name, row in self.students.items():
            for exercise, cell in row.cells.items():
                if cell.fails and cell.check and cell.status in ("fail", "help"):
                    who.setdefault((exercise, cell.check), []).append(name)
        found = [(len(names), *where, sorted(names)) for where, names in who.items()]
        return sorted(found, key=lambda one: (-one[0], one[1], one[2]))

    def headline(self) -> str | None:
        """Return a line with the check that most of the class is failing; None if no check fails."""
        for count, exercise, check, _ in self.wall():
            return f"{count} of {len(self.students)} {'fails' if count == 1 else 'fail'} `{check}` in {exercise}"
        return None

    def counts(self, exercise: str) -> Counter[str]:
        """Count the students in each status of an exercise."""
        return Counter(row.cells[exercise].status for row in self.students.values() if exercise in row.cells)

    def json(self) -> Json:
        """Return the whole board as JSON."""
        return {"exercises": self.exercises, "students": msgspec.to_builtins(self.students)}

    @classmethod
    def of(cls, board_json: Json) -> "Board":
        """Restore a board from what `json` returned."""
        board = cls(board_json["exercises"])
        board.students = msgspec.convert(board_json["students"], dict[str, Row])
        return board

    def _has_column(self, exercise: str) -> bool:
        if exercise in self.exercises:
            return True
        if len(self.exercises) >= self._listed + MOST_UNKNOWN:
            return False
        self.exercises.append(exercise)
        return True

    def _update(self, row: Row, exercise: str, event: Event) -> None:
        sent_at = _ms(event["sentAt"])
        device_at = _ms(event["at"])
        if device_at is None or sent_at is None or abs(device_at - sent_at) > FAR_MS:
            device_at = sent_at = sent_at or 0
        row.skew = sent_at - device_at if row.skew is None else min(row.skew, sent_at - device_at)
        at = min(device_at + row.skew, sent_at)  # a record that waited offline keeps its own time
        status = str(event["status"])
        cell = row.cells.setdefault(exercise, Cell(status, at, at))
        check = event.get("check")
        cell.apply(status, None if check is None else well_formed(check), at)
        row.current = exercise
        if status == "help":
            row.hand, row.hand_at = exercise, at
        elif status in ("started", "pass"):
            row.hand = row.hand_at = None


def minutes(ms: int) -> str:
    """Return a duration for people to read: <1 min, 12 min, 1 h 5 min."""
    total = max(0, ms) // 60_000
    if total == 0:
        return "<1 min"
    return f"{total} min" if total < 60 else f"{total // 60} h {total % 60} min"


def tries(count: int) -> str:
    """Return a number of tries with its noun: 1 try, 2 tries."""
    return f"{count} {'try' if count == 1 else 'tries'}"


def well_formed(text: str) -> str:
    """Replace lone surrogates with U+FFFD, because JSON allows them but files, pages and databases do not."""
    return _HALVES.sub("\ufffd", text)


def _is_new(devices: dict[str, int], request_id: str, n: int) -> bool:
    """Record a device's number `n`. Returns False if it was recorded before."""
    device = request_id.rpartition("-")[0][:100]
    if n <= devices.get(device, 0):
        return False
    devices[device] = n
    while len(devices) > MOST_DEVICES:
        del devices[next(iter(devices))]
    return True


def _ms(moment: object) -> int | None:
    """Parse a time: milliseconds since 1970, or ISO 8601 with an offset. Anything else gives None."""
    try:
        if isinstance(moment, int | float):
            return int(moment)
        if not isinstance(moment, str) or not ISO.fullmatch(moment):
            return None
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
