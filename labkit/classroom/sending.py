"""A student's side: what the progress file says is told to the class, in order, each record once, when it can be.

    progress.jsonl --records--> Sender --exercise event--> class:ID     one at a time: the next when this is stored
                                   |
                             class-told.json            how far we came; should it be lost, all is told again, and
                                                        the board counts each record once

The file is watched, so it does not matter which kernel or shell wrote it. Offline it just grows. Of several kernels
one tells, the others stand by. Taught in notebook 07 (storms) and 08 (audit).
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

from labkit.classroom.membership import Membership
from labkit.course.progress import Progress, Record
from labkit.platform.locks import try_lock
from labkit.rules.close_codes import CloseCode
from labkit.rules.messages import InvalidMessage
from labkit.wire.client.client import Client, NotARoomServer, Stopped
from labkit.wire.client.room import ClientRoom

LOOK_S = 0.25  # at the size of the file
STAND_BY_S = 1.0
AGAIN_S = 5.0  # after an end that another try may cure
FOR_EVER_S = 1e8
SHOWN = 10


class Sender:
    """Tells one class of one progress file, as long as `is_still_so`: another kernel may leave, or join anew."""

    def __init__(
        self,
        membership: Membership,
        progress: Progress,
        is_still_so: Callable[[], bool] = lambda: True,
        **client: Any,
    ) -> None:
        """`client`: options as for `labkit.connect`."""
        self.membership = membership
        self.progress = progress
        self.is_standing_by = False
        self.client: Client | None = None
        self.told: deque[Record] = deque(maxlen=SHOWN)
        self.news: deque[str] = deque(maxlen=SHOWN)
        self._is_still_so = is_still_so
        self._options = client
        self._cursor = Cursor(progress.path.with_name("class-told.json"))

    @property
    def waiting(self) -> int:
        """How many records the class has not confirmed."""
        if self.is_standing_by:
            self._cursor.read()  # another process moves it
        is_ours = self._cursor.name in (None, self.membership.name)
        records = self.progress.records()
        after = max(self._since(records), self._cursor.n if is_ours else 0)
        return sum(record["n"] > after for record in records)

    async def run(self) -> None:
        """Until it is no longer so. Raises NotAdmitted, Stopped (4410: the instructor ended this membership)."""
        telling = asyncio.create_task(self._for_ever())
        try:
            while self._is_still_so() and not telling.done():
                await asyncio.wait([telling], timeout=LOOK_S)
        finally:
            telling.cancel()
            await asyncio.wait([telling])
        if not telling.cancelled():
            telling.result()

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
            pass  # a network without the class, or a proxy's error page: later

    async def _connected(self) -> None:
        tls = await asyncio.to_thread(lambda: self.membership.tls)
        options = {"open_timeout_s": FOR_EVER_S, "tls": tls} | self._options
        self.client = Client(self.membership.url, self._ticket, **options)
        try:
            async with self.client as client, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(client))
                tasks.create_task(self._tell(await client.join(self.membership.room)))
        except ExceptionGroup as ended:
            raise ended.exceptions[0] from None

    async def _ticket(self) -> str:
        return await asyncio.to_thread(self.membership.ticket)

    async def _tell(self, room: ClientRoom) -> None:
        """Everything that is not confirmed yet, and then what comes."""
        while True:
            size = _size(self.progress.path)
            for record in self._due(room):
                if not self._is_still_so():
                    return
                await self._say(room, record)
                if room.epoch != self._cursor.epoch:
                    break  # another file behind the same address: it must hear all of it
            else:
                while _size(self.progress.path) == size and room.epoch == self._cursor.epoch:
                    await asyncio.sleep(LOOK_S)

    def _due(self, room: ClientRoom) -> list[Record]:
        records = self.progress.records()
        self._cursor.begin(device_of(records), room.epoch or "", self.membership.name, _inode(self.progress.path))
        after = max(self._since(records), self._cursor.n)
        return [record for record in records if record["n"] > after]

    def _since(self, records: list[Record]) -> int:
        """The newest record from before this membership; a file begun anew since then has none."""
        return self.membership.since if self.membership.since_file == device_of(records) else 0

    async def _say(self, room: ClientRoom, record: Record) -> None:
        said = {name: value for name, value in record.items() if name in Record.__annotations__}
        with contextlib.suppress(InvalidMessage):  # nothing that the class could ever take: pass over it
            while True:
                event = await room.publish("exercise", requestId=f"{self._cursor.device}-{record['n']}", **said)
                if not event.get("duplicate") or all(event.get(name) == value for name, value in said.items()):
                    break
                self._cursor.rename()  # another machine has said something else under our name and number
            self.told.append(record)
        self._cursor.confirm(record["n"])

    async def _listen(self, client: Client) -> None:
        async for event in await client.join(self.membership.news_room):
            if event.get("type") == "chat":
                self.news.append(str(event["text"]))

    @contextlib.contextmanager
    def _lock(self) -> Any:
        path = self.progress.path.with_name("class.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            yield file.fileno()


class Cursor:
    """How far a class has confirmed, in a file. A server that began anew (another epoch) has confirmed nothing.

    `name`: of whom; what was told of somebody else was not told. `file`: the inode of the progress file, by which a
    home that was copied to another machine is known; None in the file of an older labkit.
    """

    def __init__(self, path: Path) -> None:
        self.device, self.epoch, self.n = "", "", 0
        self.name: str | None = None
        self.file: int | None = None
        self._path = path
        self.read()

    def read(self) -> None:
        """What the file says."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self.device, self.epoch, self.n = str(kept["device"]), str(kept["epoch"]), int(kept["n"])
            self.name, self.file = kept.get("name"), kept.get("file")

    def begin(self, device: str, epoch: str, name: str, file: int) -> None:
        """Go on where we were, start over, or go on as another device from where the copy was made."""
        first = f"{device}.{epoch[:6]}"
        is_same = self.epoch == epoch and self.device.startswith(first) and self.name in (None, name)
        is_copy = is_same and self.file not in (None, file)
        if not is_same:
            self.device, self.epoch, self.n = first, epoch, 0
        self.name, self.file = name, file
        if is_copy:
            self.rename()

    def rename(self) -> None:
        """Be another device from now on: two that number on under one name would lose each other's records."""
        self.device = f"{'.'.join(self.device.split('.')[:2])}.{secrets.token_hex(3)}"
        self._keep()

    def confirm(self, n: int) -> None:
        """The class has stored record `n`."""
        self.n = n
        self._keep()

    def _keep(self) -> None:
        kept = {"device": self.device, "epoch": self.epoch, "n": self.n, "name": self.name, "file": self.file}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(self._path)


def device_of(records: list[Record]) -> str:
    """A name for one progress file, from its first record: a file begun anew counts anew."""
    return hashlib.sha256(json.dumps(records[:1]).encode()).hexdigest()[:12]


def _is_ours(lock: int) -> bool:
    """Where there are no locks, every kernel sends: a board counts each record once."""
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
