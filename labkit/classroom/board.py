"""The board: what is known of a class. Pure: events of the class's room in, rows out; no socket, clock or file.

    board = Board(["01-hello", "02-auth"])
    board.hear(event)                  # the student whose row changed, or None for nothing new
    board.students["ana"].cells["02-auth"].status

An event counts once, whoever repeats it and how often: each device of a student numbers what it says, and a number that
is not higher than the last one is old. So the whole history may be folded again, on top of itself, at any time.
Who said it is the server's word (`userId`). labkit/web/board_state.js is the same fold; a test holds the two together.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

Event = Mapping[str, Any]
Answer = dict[str, Any]

MOST_UNKNOWN = 12  # exercises that the course does not list; more of them are somebody's joke
MOST_DEVICES = 8  # of one student
STUCK_FAILS = 3
STUCK_MS = 10 * 60_000  # on one exercise,
QUIET_MS = 5 * 60_000  # and so long without a check
FAR_MS = 365 * 24 * 3_600_000  # no clock in a class is that wrong; and what it says must stay a date
_HALVES = re.compile("[\ud800-\udfff]")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)")


class Cell(msgspec.Struct, rename="camel"):
    """One student in one exercise. Times are milliseconds since 1970 by the server's clock."""

    status: str
    first_at: int
    last_at: int
    check: str | None = None
    fails: int = 0  # in a row
    same: int = 0  # of these, the latest so many at the same check
    tries: int = 0
    passed_at: int | None = None

    def hear(self, status: str, check: str | None, at: int) -> None:
        """One more record."""
        if status == "fail":
            self.same = self.same + 1 if self.fails and check == self.check else 1
            self.fails += 1
        elif status == "pass":
            self.fails = self.same = 0
            self.passed_at = at if self.passed_at is None else self.passed_at
        self.tries += status in ("fail", "pass", "inconclusive")
        self.status = status
        if status != "help":  # who asks, asks about what failed last
            self.check = check if status in ("fail", "inconclusive") else None
        self.last_at = max(self.last_at, at)

    def on_task_ms(self, now: int) -> int:
        """From the first record until it was solved, or until now."""
        return max(0, (now if self.passed_at is None else self.passed_at) - self.first_at)


class Row(msgspec.Struct, rename="camel"):
    """One student. `devices`: the highest number heard of each; `skew`: how far its clock is behind the server's."""

    cells: dict[str, Cell] = {}
    devices: dict[str, int] = {}
    current: str | None = None
    hand: str | None = None
    hand_at: int | None = None
    skew: int | None = None

    def stuck(self, now: int) -> str | None:
        """Why this student seems stuck, in words; None when all seems well."""
        cell = self.cells.get(self.current or "")
        if cell is None or cell.status == "pass":
            return None
        if cell.fails >= STUCK_FAILS:
            same = f", {cell.same} of them at {cell.check}" if cell.check and cell.same > 1 else ""
            return f"{cell.fails} fails in a row{same}"
        quiet = now - cell.last_at
        if cell.on_task_ms(now) >= STUCK_MS and quiet >= QUIET_MS:
            return f"no check for {quiet // 60_000} min"
        return None


class Board:
    """One class. `exercises`: the columns that the course lists, in its order."""

    def __init__(self, exercises: Iterable[str] = (), students: Iterable[str] = ()) -> None:
        self.exercises = list(exercises)
        self.students = {name: Row() for name in students}
        self._listed = len(self.exercises)

    @property
    def listed(self) -> list[str]:
        """The exercises of the course; behind them stand those that students made up."""
        return self.exercises[: self._listed]

    def hear(self, event: Event) -> str | None:
        """Take an event of the room. The student whose row changed, or None."""
        if event.get("type") != "exercise":
            return None
        name, exercise = str(event["userId"]), well_formed(str(event["exercise"]))
        if not self._has_column(exercise):
            return None
        row = self.students.setdefault(name, Row())
        if not _is_new(row.devices, well_formed(str(event.get("requestId"))), int(event["n"])):
            return None
        self._tell(row, exercise, event)
        return name

    def add(self, name: str) -> None:
        """A student who has not said anything yet."""
        self.students.setdefault(name, Row())

    def wall(self) -> list[tuple[int, str, str, list[str]]]:
        """What fails just now: how many students, in which exercise, at which check, and who. Most first."""
        who: dict[tuple[str, str], list[str]] = {}
        for name, row in self.students.items():
            for exercise, cell in row.cells.items():
                if cell.fails and cell.check and cell.status in ("fail", "help"):
                    who.setdefault((exercise, cell.check), []).append(name)
        found = [(len(names), *where, sorted(names)) for where, names in who.items()]
        return sorted(found, key=lambda one: (-one[0], one[1], one[2]))

    def counts(self, exercise: str) -> Counter[str]:
        """How many students have which status in an exercise."""
        return Counter(row.cells[exercise].status for row in self.students.values() if exercise in row.cells)

    def json(self) -> Answer:
        """All of it, for whoever comes late."""
        return {"exercises": self.exercises, "students": msgspec.to_builtins(self.students)}

    @classmethod
    def of(cls, told: Answer) -> "Board":
        """What `json` made."""
        board = cls(told["exercises"])
        board.students = msgspec.convert(told["students"], dict[str, Row])
        return board

    def _has_column(self, exercise: str) -> bool:
        if exercise in self.exercises:
            return True
        if len(self.exercises) >= self._listed + MOST_UNKNOWN:
            return False
        self.exercises.append(exercise)
        return True

    def _tell(self, row: Row, exercise: str, event: Event) -> None:
        sent_at = _ms(event["sentAt"])
        said_at = _ms(event["at"])
        if said_at is None or sent_at is None or abs(said_at - sent_at) > FAR_MS:
            said_at = sent_at = sent_at or 0
        row.skew = sent_at - said_at if row.skew is None else min(row.skew, sent_at - said_at)
        at = min(said_at + row.skew, sent_at)  # a record that waited offline still happened when it happened
        status = str(event["status"])
        cell = row.cells.setdefault(exercise, Cell(status, at, at))
        check = event.get("check")
        cell.hear(status, None if check is None else well_formed(check), at)
        row.current = exercise
        if status == "help":
            row.hand, row.hand_at = exercise, at
        elif status in ("started", "pass"):
            row.hand = row.hand_at = None


def well_formed(text: str) -> str:
    """With U+FFFD for each lone surrogate: JSON lets half a character pass, a file, a page and a database do not."""
    return _HALVES.sub("\ufffd", text)


def _is_new(devices: dict[str, int], request_id: str, n: int) -> bool:
    """Whether this device has not said its number `n` yet; from now on it has."""
    device = request_id.rpartition("-")[0][:100]
    if n <= devices.get(device, 0):
        return False
    devices[device] = n
    while len(devices) > MOST_DEVICES:
        del devices[next(iter(devices))]
    return True


def _ms(moment: object) -> int | None:
    """Milliseconds since 1970, from those or from ISO 8601 with its offset; None for anything else."""
    try:
        if isinstance(moment, int | float):
            return int(moment)
        if not isinstance(moment, str) or not ISO.fullmatch(moment):
            return None
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
