"""Check that an audit file matches the log: the same events, with the same ids and places, and no others.

A log entry that repeats an earlier request is not an event, so it must not be in the file.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from labkit.rules.limits import Limits
from labkit.wire.audit.writer import Entry
from labkit.wire.cluster.broker import LogMessage
from labkit.wire.cluster.bus_messages import SharedPublication, read_log_entry


class Reconciled(NamedTuple):
    """The result of the comparison.

    `events` counts the events in both. `missing` lists places that only the log has, `unexpected` those that only the
    file has.
    """

    events: int
    repeats: int
    missing: tuple[int, ...]
    unexpected: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether the file matches the log."""
        return not self.missing and not self.unexpected

    def __str__(self) -> str:
        both = f"{self.events} events are in both the log and the file (repeated messages: {self.repeats})"
        if self.holds:
            return f"reconciled: {both}"
        faults = [f"{len(self.missing)} are missing from the file (first at {self.missing[0]})"] if self.missing else []
        faults += (
            [f"{len(self.unexpected)} are only in the file (first at {self.unexpected[0]})"] if self.unexpected else []
        )
        return f"not reconciled: {both}; {'; '.join(faults)}"


def reconcile(log: Iterable[LogMessage], entries: Iterable[Entry], epoch: str, limits: Limits) -> Reconciled:
    """Compare a whole log with the rows of an audit file. `limits` must be the servers', because of `dedupe_s`."""
    stored = {
        int(entry.connection): str(entry.id)
        for entry in entries
        if entry.kind == "event" and entry.epoch == epoch and entry.connection is not None
    }
    first_at: dict[tuple[str, str, str], float] = {}
    events, repeats, missing = 0, 0, []
    for message in log:
        publication = _publication(message.body)
        if publication is None:
            continue
        if stored.get(message.place) == publication.id:
            events += 1
            del stored[message.place]
        elif _is_repeat(first_at, publication, message.at, limits):
            repeats += 1
        else:
            missing.append(message.place)
        if publication.request is not None:
            first_at.setdefault((publication.room, publication.user, publication.request), message.at)
    return Reconciled(events, repeats, tuple(missing), tuple(sorted(stored)))


def _publication(body: bytes) -> SharedPublication | None:
    try:
        written = read_log_entry(body)
    except msgspec.DecodeError:
        return None
    return written if isinstance(written, SharedPublication) else None


def _is_repeat(
    first_at: dict[tuple[str, str, str], float], publication: SharedPublication, at: float, limits: Limits
) -> bool:
    first = (
        None if publication.request is None else first_at.get((publication.room, publication.user, publication.request))
    )
    return first is not None and at < first + limits.dedupe_s
