"""Explain why a connection ended: merge both ends' records into one timeline that ends in a sentence.

    merged = timeline(client.log, read_audit(lab.audit))
    print(merged)          # ... closed because nothing reached the client any more; first visible at ...

It sees only the records of both ends, not the network or a schedule of faults, and does not claim to distinguish what
the records cannot.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from labkit.bench.timeline.cause import Cause, diagnose
from labkit.bench.timeline.two_ends import Attempt, ServerSide, attempts, clock_offset, server_side
from labkit.rules.answers import iso
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.schema import Entry
from labkit.wire.client.state import Record

CLIENT, SERVER, NETWORK = "client", "server", "network"


class Moment(NamedTuple):
    """One thing that happened. `at`: when, on the client's clock, in seconds since 1970."""

    at: float
    side: str
    what: str
    waiting: int | None = None  # bytes, for a sample of the connection


class BufferSample(NamedTuple):
    """One answer to GET /connections: its time, the bytes waiting for the client, and the age of the oldest."""

    at: float
    connection: str
    waiting_bytes: int
    oldest_ms: float


@dataclass(frozen=True, repr=False)
class Timeline:
    """The events of a connection in causal order, and why it ended.

    `visible`: the first moment at which the cause showed.
    """

    moments: tuple[Moment, ...]
    cause: Cause
    because: str
    visible: Moment

    @property
    def sentence(self) -> str:
        """The explanation of why the connection ended, in one sentence."""
        first = f"{iso(self.visible.at)} at the {self.visible.side}: {self.visible.what}"
        return f"closed because {self.because}; first visible at {first}"

    @property
    def briefly(self) -> tuple[Moment, ...]:
        """The moments, with consecutive samples merged, because there are four samples per second."""
        brief: list[Moment] = []
        for is_sample, run in groupby(self.moments, key=lambda each: each.waiting is not None and each != self.visible):
            same = list(run)
            brief += _merge_samples(same) if is_sample else same
        return tuple(brief)

    def marked(self, at: float, what: str) -> "Timeline":
        """Return a timeline that also shows what was done to the network, at a time in seconds since 1970."""
        moments = sorted([*self.moments, Moment(at, NETWORK, what)], key=lambda moment: moment.at)
        return replace(self, moments=tuple(moments))

    def __repr__(self) -> str:
        return f"<timeline: closed because {self.because}>"

    def __str__(self) -> str:
        start = self.moments[0].at
        lines = [f"{moment.at - start:9.3f} s  {moment.side:<7} {moment.what}" for moment in self.briefly]
        return "\n".join([*lines, self.sentence])


def read_audit(path: Path) -> list[Entry]:
    """Return the rows of an audit file. Raises AuditError."""
    with reading(path) as connection:
        return [entry for _, entry, _ in rows(connection)]


def timeline(
    log: Iterable[Record],
    audit: Iterable[Entry] = (),
    samples: Iterable[BufferSample] = (),
    connection: str | None = None,
) -> Timeline:
    """Return the timeline of the connection with this ID, or of the client's first connection that ended.

    Raises ValueError if the client's log does not contain the end of that connection.
    """
    attempt = _choose(attempts(log), connection)
    server = server_side(attempt, list(audit))
    offset = clock_offset(attempt, server)
    waited = [sample for sample in samples if sample.connection == attempt.connection]
    moments = _merged(attempt, server, waited, offset)
    cause, because = diagnose(attempt, server, offset)
    return Timeline(moments, cause, because, _first_visible(moments, waited, offset))


def _choose(all_attempts: list[Attempt], connection: str | None) -> Attempt:
    for attempt in all_attempts:
        if attempt.end is not None and connection in (None, attempt.connection):
            return attempt
    raise ValueError("the client's log does not contain the end of a connection")


def _merged(attempt: Attempt, server: ServerSide, samples: list[BufferSample], offset: float) -> tuple[Moment, ...]:
    """Merge by time, but always put the sending of a close frame before its arrival, even if the clocks disagree."""
    client = [Moment(record.at, CLIENT, _describe_record(record)) for record in attempt.records]
    received_at = attempt.end.at if attempt.end is not None and attempt.received_close_of(server) else float("inf")
    recorded = [Moment(min(entry.at + offset, received_at), SERVER, _describe_row(entry)) for entry in server.rows]
    sampled = [_describe_sample(sample, offset) for sample in samples]
    return tuple(
        sorted([*recorded, *sampled, *client], key=lambda moment: moment.at)
    )  # stable: the server's come first


def _first_visible(moments: tuple[Moment, ...], samples: list[BufferSample], offset: float) -> Moment:
    """Return the first sample of the last stretch with waiting bytes, or else the first end recorded by either side."""
    run: list[BufferSample] = []
    for sample in samples:
        run = [*run, sample] if sample.waiting_bytes else []
    if run:
        return _describe_sample(run[0], offset)
    return next(moment for moment in moments if moment.what.startswith("closed"))


def _describe_record(record: Record) -> str:
    detail = {name: value for name, value in record.detail.items() if value not in (None, "")}
    code, reason, why = (detail.pop(name, "") for name in ("code", "reason", "why"))
    detail = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in detail.items()}
    rest = " ".join(f"{name}={value}" for name, value in detail.items() if name != "previous_close")
    return " ".join(f"{record.kind} {code} {reason} {f'({why})' if why else ''} {rest}".split())


def _describe_row(entry: Entry) -> str:
    kind = "closed" if entry.kind == "close" else entry.kind
    if entry.kind == "close":
        code, reason = ServerSide([entry]).code_and_reason
        return f"{kind} {code} {reason}".rstrip()
    return f"{kind} {entry.room or ''}".rstrip()


def _describe_sample(sample: BufferSample, offset: float) -> Moment:
    what = f"{sample.waiting_bytes} bytes waiting, the oldest for {sample.oldest_ms:.0f} ms"
    return Moment(sample.at + offset, SERVER, what, sample.waiting_bytes)


def _merge_samples(samples: list[Moment]) -> list[Moment]:
    if len(samples) < 3:
        return samples
    most = max(sample.waiting or 0 for sample in samples)
    what = f"{len(samples)} samples in {samples[-1].at - samples[0].at:.1f} s: at most {most:,} bytes waiting"
    return [Moment(samples[0].at, SERVER, what, most)]
