"""Why did a connection end? The client's records and the server's, merged into one timeline that ends in a sentence.

    told = timeline(client.log, read_audit(lab.audit))
    print(told)            # ... closed because nothing reached the client any more; first visible at ...

It sees the records of both ends and nothing else: not the network, and no schedule of faults. What the records cannot
tell apart, it does not pretend to. Taught in notebook 05 (heartbeat).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from labkit.bench.timeline.cause import Cause, diagnose
from labkit.bench.timeline.two_ends import Attempt, ServerSide, attempts, clock_offset, server_side
from labkit.rules.answers import iso
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.schema import Entry
from labkit.wire.client.state import Record

CLIENT, SERVER = "client", "server"


class Moment(NamedTuple):
    """One thing that happened, on the client's clock; `at` is seconds since 1970."""

    at: float
    side: str
    what: str
    waiting: int | None = None  # bytes, where this is a look at the connection


class Sample(NamedTuple):
    """One look at GET /connections that saw the connection: when, how much waited for it, and for how long."""

    at: float
    connection: str
    waiting_bytes: int
    oldest_ms: float


@dataclass(frozen=True)
class Timeline:
    """What happened, in causal order, and what it means. `visible` is the first moment that showed it."""

    moments: tuple[Moment, ...]
    cause: Cause
    because: str
    visible: Moment

    @property
    def sentence(self) -> str:
        """The verdict."""
        first = f"{iso(self.visible.at)} at the {self.visible.side}: {self.visible.what}"
        return f"closed because {self.because}; first visible at {first}"

    @property
    def briefly(self) -> tuple[Moment, ...]:
        """The moments, with looks that followed one another in one line: there are four a second."""
        brief: list[Moment] = []
        for is_look, run in groupby(self.moments, key=lambda each: each.waiting is not None and each != self.visible):
            same = list(run)
            brief += _in_one_line(same) if is_look else same
        return tuple(brief)

    def __str__(self) -> str:
        start = self.moments[0].at
        lines = [f"{moment.at - start:9.3f} s  {moment.side:<7} {moment.what}" for moment in self.briefly]
        return "\n".join([*lines, self.sentence])


def read_audit(path: Path) -> list[Entry]:
    """The rows of an audit file. Raises AuditError."""
    with reading(path) as connection:
        return [entry for _, entry, _ in rows(connection)]


def timeline(
    log: Iterable[Record],
    audit: Iterable[Entry] = (),
    samples: Iterable[Sample] = (),
    connection: str | None = None,
) -> Timeline:
    """The timeline of one connection, by its id; of the client's first that ended, when none is named.

    Raises ValueError when the client's records know of no such end.
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
    raise ValueError("no connection of this client has ended, as far as its log goes")


def _merged(attempt: Attempt, server: ServerSide, samples: list[Sample], offset: float) -> tuple[Moment, ...]:
    """A close frame that the client heard was sent before it was heard, whatever the two clocks say."""
    client = [Moment(record.at, CLIENT, _words(record)) for record in attempt.records]
    heard_at = attempt.end.at if attempt.end is not None and attempt.heard(server) else float("inf")
    told = [Moment(min(entry.at + offset, heard_at), SERVER, _row_words(entry)) for entry in server.rows]
    seen = [_look(sample, offset) for sample in samples]
    return tuple(sorted([*told, *seen, *client], key=lambda moment: moment.at))  # stable: the server's come first


def _first_visible(moments: tuple[Moment, ...], samples: list[Sample], offset: float) -> Moment:
    """The first look of the last run in which something waited; else the first end that either side wrote down."""
    run: list[Sample] = []
    for sample in samples:
        run = [*run, sample] if sample.waiting_bytes else []
    if run:
        return _look(run[0], offset)
    return next(moment for moment in moments if moment.what.startswith("closed"))


def _words(record: Record) -> str:
    detail = {name: value for name, value in record.detail.items() if value not in (None, "")}
    code, reason, why = (detail.pop(name, "") for name in ("code", "reason", "why"))
    detail = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in detail.items()}
    rest = " ".join(f"{name}={value}" for name, value in detail.items() if name != "previous_close")
    return " ".join(f"{record.kind} {code} {reason} {f'({why})' if why else ''} {rest}".split())


def _row_words(entry: Entry) -> str:
    kind = "closed" if entry.kind == "close" else entry.kind
    if entry.kind == "close":
        code, reason = ServerSide([entry]).code_and_reason
        return f"{kind} {code} {reason}".rstrip()
    return f"{kind} {entry.room or ''}".rstrip()


def _look(sample: Sample, offset: float) -> Moment:
    what = f"{sample.waiting_bytes} bytes wait, the oldest for {sample.oldest_ms:.0f} ms"
    return Moment(sample.at + offset, SERVER, what, sample.waiting_bytes)


def _in_one_line(looks: list[Moment]) -> list[Moment]:
    if len(looks) < 3:
        return looks
    most = max(look.waiting or 0 for look in looks)
    what = f"{len(looks)} looks in {looks[-1].at - looks[0].at:.1f} s: at most {most:,} bytes wait"
    return [Moment(looks[0].at, SERVER, what, most)]
