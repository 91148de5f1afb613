"""Follow where the messages of an experiment are: received by members, and stored in the server's audit file."""

import asyncio
import json
from collections.abc import Collection
from pathlib import Path

from labkit.bench.play.recording import DiskSample, Recording
from labkit.wire.audit.reading import newest, reading
from labkit.wire.audit.schema import AuditError
from labkit.wire.client.client import Client

UNAVAILABLE = "unavailable"
_NEW = "SELECT n, body FROM log WHERE n > ? AND kind = 'event' AND room = ? ORDER BY n"


class DiskWatch:
    """Compares what members received with the audit file, again and again. Reads only rows that are new."""

    def __init__(self, audit: Path, room: str, recording: Recording) -> None:
        self._audit = audit
        self._room = room
        self._recording = recording
        self._last_n = 0
        self._is_new: set[int] = set()  # received, and not found in the file so far

    async def begin(self) -> None:
        """Skip what earlier experiments stored."""
        self._last_n = await asyncio.to_thread(self._newest)

    def received(self, number: int) -> None:
        """Note a message that a member received."""
        if number not in self._recording.stored:
            self._is_new.add(number)

    async def look(self, at: float, clients: Collection[Client]) -> None:
        """Read the file, and add a sample. What is received meanwhile belongs to the next one."""
        run, before = self._recording, set(self._is_new)
        published = len(run.sent)
        for number in await asyncio.to_thread(self._stored_since):
            run.stored.setdefault(number, at)
        self._is_new -= run.stored.keys()
        counts = published, len({number for each in run.received.values() for number in each}), len(run.stored)
        run.disk.append(DiskSample(at, *counts, len(before - run.stored.keys()), sum(map(_refused, clients))))

    def _newest(self) -> int:
        with reading(self._audit) as database:
            return newest(database)[0]

    def _stored_since(self) -> list[int]:
        """Return the numbers of the messages in new rows; none if the file cannot be read right now."""
        try:
            with reading(self._audit) as database:
                rows = database.execute(_NEW, (self._last_n, self._room)).fetchall()
        except AuditError:
            return []
        if rows:
            self._last_n = rows[-1][0]
        return [number for _, body in rows if (number := message_number(json.loads(body))) is not None]


def message_number(event: dict[str, object]) -> int | None:
    """Return the number of an experiment's message; None for any other event."""
    number, _, _ = str(event.get("text", "")).partition(" ")
    return int(number) if number.isdigit() else None


def _refused(client: Client) -> int:
    return sum(record.detail["code"] == UNAVAILABLE for record in client.log.of("refused"))
