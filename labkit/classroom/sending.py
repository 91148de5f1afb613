"""The student's side: send the records in the progress file to the class, each once and in order.

    progress.jsonl --records--> Sender --exercise event--> class:ID     one at a time, each after the last is stored
                                   |
                             class-told.json            the position; if it is lost, everything is sent again, and
                                                        the board ignores what it already has

The sender watches the file, so any kernel or shell may write to it; while offline, the file just grows. If several
kernels run, one sends and the others stand by.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labkit.classroom.grading.submission import TooLong, pieces
from labkit.classroom.help.consent import Consent
from labkit.classroom.help.listening import listening
from labkit.classroom.help.news import News
from labkit.classroom.help.showing import showing
from labkit.classroom.membership import Membership
from labkit.classroom.votes.casting import casting
from labkit.classroom.votes.outbox import Outbox
from labkit.course.passed import kept
from labkit.course.progress import Progress, Record
from labkit.platform import plain_file
from labkit.platform.locks import try_lock
from labkit.platform.replacing import write
from labkit.rules.close_codes import CloseCode
from labkit.rules.messages import InvalidMessage
from labkit.wire.client.client import Client, NotARoomServer, Refused, Stopped
from labkit.wire.client.room import ClientRoom

LOOK_S = 0.25  # between checks of the file's size
STAND_BY_S = 1.0
AGAIN_S = 5.0  # before a retry
FOR_EVER_S = 1e8
SHOWN = 10


class Sender:
    """Sends one progress file to one class while `is_current()`: another kernel may leave the class or rejoin."""

    def __init__(
        self,
        membership: Membership,
        progress: Progress,
        is_current: Callable[[], bool] = lambda: True,
        **client: Any,
    ) -> None:
        """`client`: further options for `labkit.connect`."""
        self.membership = membership
        self.progress = progress
        self.is_standing_by = False
        self.client: Client | None = None
        self.sent: deque[Record] = deque(maxlen=SHOWN)
        self.news_file = News(progress.path.parent, membership.class_id, membership.name)
        self._is_current = is_current
        self._options = client
        self._cursor = Cursor(progress.path.with_name("class-told.json"))
        self.votes = Outbox(progress.path.parent, membership.class_id, membership.name)
        self.consent = Consent(progress.path.parent, membership.class_id, membership.name)

    @property
    def news(self) -> list[str]:
        """The newest messages from the instructor, oldest first."""
        return [item.words for item in self.news_file.items()[-SHOWN:]]

    @property
    def waiting(self) -> int:
        """The number of records that the class has not confirmed."""
        if self.is_standing_by:
            self._cursor.read()  # another process moves it
        is_ours = self._cursor.name in (None, self.membership.name)
        records = self.progress.records()
        after = max(self._since(records), self._cursor.n if is_ours else 0)
        return sum(record["n"] > after for record in records)

    async def run(self) -> None:
        """Send records while the membership is current.

        Raises NotAdmitted, or Stopped (4410) if the student was removed.
        """
        sending = asyncio.create_task(self._for_ever())
        try:
            while self._is_current() and not sending.done():
                await asyncio.wait([sending], timeout=LOOK_S)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
        if not sending.cancelled():
            sending.result()

    async def _for_ever(self) -> None:
        with self._lock() as lock:
            while not _is_ours(lock):
                self.is_standing_by = True
                await asyncio.sleep(STAND_BY_S)
            self.is_standing_by = False
            while True:
                await self._one_client()
                await asyncio.sleep(AGAIN_S)

    async def _one_client(self) -> None:
        try:
            await self._connected()
        except Stopped as ended:
            if ended.code == CloseCode.REVOKED:
                raise
        except (OSError, NotARoomServer):
            pass  # another network, or a proxy's error page: retry later

    async def _connected(self) -> None:
        tls = await asyncio.to_thread(lambda: self.membership.tls)
        options = {"open_timeout_s": FOR_EVER_S, "tls": tls, "route": self.membership.route} | self._options
        self.client = Client(self.membership.url, self._ticket, **options)
        try:
            async with self.client as client, asyncio.TaskGroup() as tasks:
                tasks.create_task(listening(client, self.membership, self.news_file))
                tasks.create_task(casting(client, self.membership, self.votes))
                tasks.create_task(showing(client, self.membership, self.consent))
                tasks.create_task(self._send_all(await client.join(self.membership.room)))
        except ExceptionGroup as ended:
            raise _first(ended) from None

    async def _ticket(self) -> str:
        return await asyncio.to_thread(self.membership.ticket)

    async def _send_all(self, room: ClientRoom) -> None:
        """Send every unconfirmed record, then each new one."""
        while True:
            size = _size(self.progress.path)
            for record in self._due(room):
                if not self._is_current():
                    return
                await self._send(room, record)
                if room.epoch != self._cursor.epoch:
                    break  # the class has a new file, which needs every record
            else:
                while _size(self.progress.path) == size and room.epoch == self._cursor.epoch:
                    await asyncio.sleep(LOOK_S)

    def _due(self, room: ClientRoom) -> list[Record]:
        records = self.progress.records()
        self._cursor.begin(device_of(records), room.epoch or "", self.membership.name, _inode(self.progress.path))
        after = max(self._since(records), self._cursor.n)
        return [record for record in records if record["n"] > after]

    def _since(self, records: list[Record]) -> int:
        """Return the newest record from before this membership; 0 for a progress file created since."""
        return self.membership.since if self.membership.since_file == device_of(records) else 0

    async def _send(self, room: ClientRoom, record: Record) -> None:
        fields = {name: value for name, value in record.items() if name in Record.__annotations__}
        with contextlib.suppress(InvalidMessage):  # skip a record that no class would accept
            while True:
                request = f"{self._cursor.device}-{record['n']}"
                if record["status"] == "pass":
                    await self._hand_in(record, request)
                event = await room.publish("exercise", requestId=request, **fields)
                if not event.get("duplicate") or all(event.get(name) == value for name, value in fields.items()):
                    break
                self._cursor.rename()  # another machine has used our device name and number
            self.sent.append(record)
        self._cursor.confirm(record["n"])

    async def _hand_in(self, record: Record, request: str) -> None:
        """Send the answer of a pass, before its record, if the student has agreed."""
        passed = kept(self.progress, record["n"]) if self.membership.graded else None
        if passed is None or self.client is None:
            return
        with contextlib.suppress(TooLong, Refused):  # the class then reports that no answer came
            room = await self.client.join(self.membership.answers_room)
            for number, piece in enumerate(pieces(passed, request)):
                await room.publish("comment", requestId=f"{request}.{number}", **piece)

    @contextlib.contextmanager
    def _lock(self) -> Any:
        path = self.progress.path.with_name("class.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        plain_file.check(path)
        with path.open("a", encoding="ascii") as file:
            yield file.fileno()


class Cursor:
    """The last record that a class has confirmed, kept in a file. In a new epoch, nothing is confirmed.

    `name`: the student it belongs to; for another student, it starts over. `file`: the inode of the progress file,
    which reveals that a home folder was copied to another machine; None in files of an older labkit.
    """

    def __init__(self, path: Path) -> None:
        self.device, self.epoch, self.n = "", "", 0
        self.name: str | None = None
        self.file: int | None = None
        self._path = path
        self.read()

    def read(self) -> None:
        """Read the position from its file, if there is one."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            kept = json.loads(plain_file.read_bytes(self._path))
            self.device, self.epoch, self.n = str(kept["device"]), str(kept["epoch"]), int(kept["n"])
            self.name, self.file = kept.get("name"), kept.get("file")

    def begin(self, device: str, epoch: str, name: str, file: int) -> None:
        """Resume, start over, or resume as another device if the home folder was copied."""
        first = f"{device}.{epoch[:6]}"
        is_same = self.epoch == epoch and self.device.startswith(first) and self.name in (None, name)
        is_copy = is_same and self.file not in (None, file)
        if not is_same:
            self.device, self.epoch, self.n = first, epoch, 0
        self.name, self.file = name, file
        if is_copy:
            self.rename()

    def rename(self) -> None:
        """Become another device: two devices with one name would lose each other's records."""
        self.device = f"{'.'.join(self.device.split('.')[:2])}.{secrets.token_hex(3)}"
        self._keep()

    def confirm(self, n: int) -> None:
        """Note that the class has stored record `n`."""
        self.n = n
        self._keep()

    def _keep(self) -> None:
        kept = {"device": self.device, "epoch": self.epoch, "n": self.n, "name": self.name, "file": self.file}
        write(self._path, json.dumps(kept))


def device_of(records: list[Record]) -> str:
    """Return a name for a progress file, derived from its first record, so that a new file is a new device."""
    return hashlib.sha256(json.dumps(records[:1]).encode()).hexdigest()[:12]


def _first(ended: Exception) -> Exception:
    """Return the error inside a group, which may be inside another one."""
    return _first(ended.exceptions[0]) if isinstance(ended, ExceptionGroup) else ended


def _is_ours(lock: int) -> bool:
    """Return whether we hold the lock.

    On systems without file locks, every kernel sends and the board ignores repeats.
    """
    try:
        return try_lock(lock)
    except OSError:
        return True


def _inode(path: Path) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
