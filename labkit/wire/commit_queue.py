"""Store audit entries before their effects become visible, and run the effects in order.

    then(entry, effect)  --> waiting --> audit, one group commit at a time --> effects, in order

Without an audit file, an effect runs at once if nothing is waiting. With one, everything behind an uncommitted entry
waits for it. So answers and events have the same order with and without an audit file. After `kill -9`, the file
contains every event that any client saw. If an entry cannot be stored, its request is refused; only entries from
`record_until_stored` are retried, ahead of every later group.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from labkit.wire.audit.writer import Audit, Entry

_LOGGER = logging.getLogger(__name__)

Effect = Callable[[], None]
RETRY_S = 0.5
MAX_WAITING = 50_000  # beyond this, a stalled disk is treated like a failing one


class _Item(NamedTuple):
    entry: Entry | None
    effect: Effect
    otherwise: Effect


class CommitQueue:
    """A queue of effects that wait for their entries to be stored. Call all methods on the event loop's thread."""

    def __init__(self, audit: Audit | None) -> None:
        self._audit = audit
        self._waiting: list[_Item] = []
        self._committing: list[_Item] = []
        self._unstored: list[Entry] = []
        self._is_running = False
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @property
    def is_idle(self) -> bool:
        """Whether a new effect would run immediately."""
        return not (self._waiting or self._committing or self._is_running)

    @property
    def is_full(self) -> bool:
        """Whether the queue is too long to accept more events."""
        return len(self._waiting) >= MAX_WAITING

    def then(self, entry: Entry | None, effect: Effect, otherwise: Effect | None = None) -> None:
        """Run `effect` once `entry` is stored, or `otherwise` if it cannot be stored."""
        is_idle = self.is_idle
        if is_idle and (self._audit is None or entry is None):
            effect()
            return
        if is_idle:
            asyncio.get_running_loop().call_soon(self._commit)
        self._waiting.append(_Item(entry, effect, otherwise or effect))
        self._is_empty.clear()

    def record(self, entry: Entry) -> None:
        """Store an entry that has no effect."""
        if self._audit is not None:
            self.then(entry, _nothing)

    def record_until_stored(self, entry: Entry) -> None:
        """Store an entry that must not be lost, and retry for as long as the audit file fails."""
        if self._audit is not None:
            self.then(entry, _nothing, partial(self._retry_later, entry))

    @property
    def has_unstored(self) -> bool:
        """Whether an entry from `record_until_stored` is still not stored. Check this within an effect."""
        return bool(self._unstored)

    async def empty(self) -> None:
        """Wait until everything is stored and every effect has run. Try unstored entries once more."""
        self._retry()
        await self._is_empty.wait()

    def give_up(self) -> None:
        """Log and forget the entries that will never be stored."""
        for entry in self._unstored:
            _LOGGER.error("audit entry was never stored", extra={"kind": entry.kind, "user": entry.user})
        self._unstored.clear()

    def _retry_later(self, entry: Entry) -> None:
        if not self._unstored:
            asyncio.get_running_loop().call_later(RETRY_S, self._retry)
        self._unstored.append(entry)

    def _retry(self) -> None:
        if self._unstored and self.is_idle:  # otherwise the next group includes it
            self._is_empty.clear()
            self._commit()

    def _commit(self) -> None:
        unstored = [_Item(entry, _nothing, partial(self._retry_later, entry)) for entry in self._unstored]
        self._unstored.clear()
        self._committing, self._waiting = unstored + self._waiting, []
        entries = [item.entry for item in self._committing if item.entry is not None]
        if self._audit is None or not entries:
            self._committed(None)
            return
        loop = asyncio.get_running_loop()
        self._audit.submit(entries, lambda error: loop.call_soon_threadsafe(self._committed, error))

    def _committed(self, error: BaseException | None) -> None:
        """Run a group's effects. After a failure, fail everything waiting too, because each seq builds on the last."""
        items, self._committing = self._committing, []
        if error is not None:
            _LOGGER.error("audit failed; events are refused until it works again", extra={"fault": str(error)})
            items, self._waiting = items + self._waiting, []
        self._is_running = True
        for item in items:
            self._run(item.otherwise if error is not None and item.entry is not None else item.effect)
        self._is_running = False
        if self._waiting:
            self._commit()
        else:
            self._is_empty.set()

    @staticmethod
    def _run(effect: Effect) -> None:
        try:
            effect()
        except Exception:  # one member's failure must not block the effects behind it
            _LOGGER.exception("an effect in the commit queue failed")


def _nothing() -> None:
    return None
