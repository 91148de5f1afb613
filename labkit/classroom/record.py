"""Read a class file into a board. The file holds every event, so the board is a fold of the file.

    record = ClassRecord(path, "physics", exercises)
    record.catch_up()                   # read what was written since the last call
    record.snapshot()                   # for a page that opens late and then follows the room from `seq`

The file can be read whether or not a server is running and writing to it.
"""

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import Any

from labkit.classroom.board import Board, Json
from labkit.classroom.cases import Cases
from labkit.classroom.register import help_of, news_of, room_of
from labkit.wire.audit.reading import BEFORE_ALL, reading, rows
from labkit.wire.audit.schema import Entry

NEWS_KEPT = 20


class ClassRecord:
    """The state of a class, up to the point where its file has been read."""

    def __init__(self, path: Path, class_id: str, exercises: Iterable[str] = ()) -> None:
        self.path = path
        self.class_id = class_id
        self.board = Board(exercises)
        self.epoch: str | None = None
        self.seq = 0
        self.news: deque[Json] = deque(maxlen=NEWS_KEPT)
        self.cases = Cases()
        self._n = BEFORE_ALL
        self._room, self._news_room, self._help_room = room_of(class_id), news_of(class_id), help_of(class_id)

    def catch_up(self) -> None:
        """Read the new rows of the file. Raises AuditError."""
        with reading(self.path) as connection:
            for n, entry, _ in rows(connection, after=self._n):
                self._n = n
                if entry.kind == "event":
                    self._event(entry)
                elif entry.kind == "erase" and entry.user is not None:
                    self.board.students.pop(entry.user, None)
                    self.cases.forget(entry.user)

    def snapshot(self) -> dict[str, Any]:
        """Return the board, its position in the room, and the news, as JSON."""
        return {
            "class": self.class_id,
            "room": self._room,
            "newsRoom": self._news_room,
            "epoch": self.epoch,
            "seq": self.seq,
            "now": round(1000 * time()),
            "news": list(self.news),
            "board": self.board.json(),
        }

    def _event(self, entry: Entry) -> None:
        if entry.room == self._room:
            self.epoch, self.seq = entry.epoch, entry.seq or 0
            self.board.apply(json.loads(entry.body or "{}"))
        elif entry.room == self._help_room:
            self.cases.add(json.loads(entry.body or "{}"))
        elif entry.room == self._news_room:
            event = json.loads(entry.body or "{}")
            if event.get("type") == "chat":
                self.news.append({"id": event["id"], "text": event["text"], "sentAt": event["sentAt"]})
