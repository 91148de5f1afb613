"""Run your own class between a server's rooms and its audit file, for lessons and experiments: `Server(desk=Mine)`.

    class Mine:
        def __init__(self, store, tell): ...   # store(events): one commit, or OSError; tell(event): deliver to its room
        def publish(self, event): ...          # an event was accepted
        def commit(self): ...                  # about 60 times per second; return the events that were refused, a list

An event is the JSON text that its members receive. Only your class decides when it is stored and when it is delivered.
The senders of refused events are answered `unavailable`. If the class raises something, the server reports the fault
and refuses every event from then on.

`store` waits for the disk, and so does the whole server: `wire.commit_queue`, which a server uses otherwise, does not.
"""

import asyncio
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, NamedTuple, Protocol

from labkit.wire.audit.writer import Audit, AuditError, Entry
from labkit.wire.commit_queue import CommitQueue, Effect
from labkit.wire.seams.learners_class import OwnClass

TICK_S = 1 / 60


class Desk(Protocol):
    """What your class has to offer."""

    def publish(self, event: str) -> object:
        """Take an event that a client published."""
        ...

    def commit(self) -> Sequence[str]:
        """Store and deliver what is due. Return the events that were refused."""
        ...


NewDesk = Callable[[Callable[[Sequence[str]], None], Callable[[str], None]], Desk]


class _Item(NamedTuple):
    entry: Entry
    effect: Effect
    otherwise: Effect


class OwnDesk(CommitQueue):
    """A queue whose events pass through an object of yours. Everything else waits for the events ahead of it."""

    def __init__(self, audit: Audit, own: OwnClass) -> None:
        """`own` makes the desk, and collects what it raises."""
        super().__init__(audit)
        self._file = audit
        self._own = own
        self._to_store: dict[str, _Item] = {}
        self._to_tell: dict[str, _Item] = {}
        self._behind: list[tuple[Entry | None, Effect, Effect | None]] = []
        self._desk: Desk | None = own.made(self._store, self._tell)
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def then(self, entry: Entry | None, effect: Effect, otherwise: Effect | None = None) -> None:
        """Pass an event to the desk. Run any other effect once the next commit has ended, if events wait."""
        if entry is not None and entry.kind == "event":
            self._publish(_Item(entry, effect, otherwise or effect))
        elif self._to_tell:
            self._behind.append((entry, effect, otherwise))
        else:
            super().then(entry, effect, otherwise)

    async def empty(self) -> None:
        """Let the desk commit once more, then wait until everything else is stored."""
        self._commit_once()
        await super().empty()

    def give_up(self) -> None:
        """End the commits."""
        self._timer.cancel()
        super().give_up()

    def _publish(self, item: _Item) -> None:
        if self._desk is None:
            item.otherwise()
            return
        event = str(item.entry.body)
        self._to_store[event] = self._to_tell[event] = item
        self._ask("publish", event)

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        self._commit_once()

    def _commit_once(self) -> None:
        behind, self._behind = self._behind, []
        refused = self._ask("commit")
        if isinstance(refused, list | tuple) and all(isinstance(event, str) for event in refused):
            self._refuse(refused)
        else:
            self._failed("commit must return a list of the events that were refused")
        for waiting in behind:
            super().then(*waiting)

    def _refuse(self, events: Sequence[str]) -> None:
        """Undo events, in their order, and answer their senders."""
        for event in events:
            item = self._to_store.pop(event, None)
            self._to_tell.pop(event, None)
            if item is None:
                self._failed(f"commit returned what does not wait to be stored: {str(event)[:60]}")
            else:
                item.otherwise()

    def _store(self, events: Sequence[str]) -> None:
        """Store events in one commit, and wait for it. Raises OSError, or ValueError for anything else."""
        unknown = [event for event in events if event not in self._to_store]
        if unknown:
            raise ValueError(f"store was given what does not wait to be stored: {str(unknown[0])[:60]}")
        if self._file.is_abandoned:  # a message that was under way; the file would never answer
            raise OSError("the server was killed")
        answer: SimpleQueue[AuditError | None] = SimpleQueue()
        self._file.submit([self._to_store[event].entry for event in events], answer.put)
        error = answer.get()
        if error is not None:
            raise OSError(str(error))
        for event in events:
            del self._to_store[event]

    def _tell(self, event: str) -> None:
        """Deliver an event to its room. Raises ValueError if it does not wait for that."""
        item = self._to_tell.pop(event, None)
        if item is None:
            raise ValueError(f"tell was given what does not wait to be delivered: {str(event)[:60]}")
        item.effect()

    def _ask(self, method: str, *given: Any) -> Any:
        try:
            return [] if self._desk is None else getattr(self._desk, method)(*given)
        except Exception as error:
            self._failed(f"{method} raised {type(error).__name__}: {error}")
            return []

    def _failed(self, what: str) -> None:
        """Report a fault, and refuse what waits and everything later."""
        self._own.add(f"{type(self._desk).__name__}.{what}")
        self._desk = None
        self._refuse(list(self._to_tell))
