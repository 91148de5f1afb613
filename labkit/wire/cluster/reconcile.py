"""Check that an audit file matches the log: each event at its place with its id, nothing missing, nothing extra.

A log entry that repeats an earlier request is not an event, so the file does not hold it.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from labkit.rules.limits import Limits
from labkit.wire.audit.writer import Entry
from labkit.wire.cluster.broker import LogMessage
from labkit.wire.cluster.bus_messages import SharedPublication, read_log_entry


class Reconciled(NamedTuple):
    """The result: `events` are in both; `missing` are places only in the log, `unexpected` places only in the file."""

    events: int
    repeats: int
    missing: tuple[int, ...]
    unexpected: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether the file matches the log."""
        return not self.missing and not self.unexpected

    def __str__(self) -> str:
        both = f"{self.events} events are in the log and in the file, {self.repeats} messages were repetitions"
        if self.holds:
            return f"reconciled: {both}"
        faults = [f"{len(self.missing)} are missing in the file (first at {self.missing[0]})"] if self.missing else []
        faults += (
            [f"{len(self.unexpected)} are in the file alone (first at {self.unexpected[0]})"] if self.unexpected else []
        )
        return f"not reconciled: {both}; {'; '.join(faults)}"


def reconcile(log: Iterable[LogMessage], entries: Iterable[Entry], epoch: str, limits: Limits) -> Reconciled:
    """Compare a log, from its beginning, with the rows of an audit file. `limits` are the servers' (for `dedupe_s`)."""
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
