"""The class's file read as a board: every event that anybody heard is in it, so the board is a fold of the file.

    record = Record(path, "physics", exercises)
    record.catch_up()                   # what was written since the last time
    record.snapshot()                   # for a page that comes in late; then it follows the room from `seq` on

The file may be read while a server writes to it, and when no server runs at all. Taught in notebook 08 (audit).
"""

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import Any

from labkit.classroom.board import Answer, Board
from labkit.classroom.register import news_of, room_of
from labkit.wire.audit.reading import BEFORE_ALL, reading, rows
from labkit.wire.audit.schema import Entry

NEWS_KEPT = 20


class Record:
    """One class as its file tells it, as far as it was read."""

    def __init__(self, path: Path, class_id: str, exercises: Iterable[str] = ()) -> None:
        self.path = path
        self.class_id = class_id
        self.board = Board(exercises)
        self.epoch: str | None = None
        self.seq = 0
        self.news: deque[Answer] = deque(maxlen=NEWS_KEPT)
        self._n = BEFORE_ALL
        self._room, self._news_room = room_of(class_id), news_of(class_id)

    def catch_up(self) -> None:
        """Read on. Raises AuditError."""
        with reading(self.path) as connection:
            for n, entry, _ in rows(connection, after=self._n):
                self._n = n
                if entry.kind == "event":
                    self._event(entry)

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON: the board, where in the room it stands, and the news."""
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
            self.board.hear(json.loads(entry.body or "{}"))
        elif entry.room == self._news_room:
            said = json.loads(entry.body or "{}")
            if said.get("type") == "chat":
                self.news.append({"text": said["text"], "sentAt": said["sentAt"]})
