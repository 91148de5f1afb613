"""What an experiment measured, on one clock: seconds since it began. Pure data, so it can be tested without a browser.

    run.frame                 # every sample, for pandas
    run.lanes()               # who sent which message to whom, and when it arrived
    run.closes                # which connection was closed when, with which code, and which limit it had reached
    before.compare(after)     # two recordings on the same axes
    run.show()                # the picture again, with a slider

This layer draws nothing. `labkit.views` sets `Recording.viewer`; without it, a recording shows its text.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from labkit.bench.play.actions import SERVER, WELL
from labkit.bench.play.plan import HISTORY, Plan
from labkit.text.digits import digits

if TYPE_CHECKING:
    import pandas

    from labkit.bench.play.talk import Talk

SAMPLE_S = 0.12  # between two samples
DID, CLOSED, BACK, KILLED = "did", "closed", "back", "killed"
AGE, BYTES = "age limit", "byte limit"
SETTLED_S = 0.3  # after a return, until what was missed has arrived
REACHED = 0.5, 1.25  # shares of a limit in the last sample: below, it was not reached; above, nobody enforced it


class Sample(NamedTuple):
    """What waited for one member. `kernel_bytes` is None where the system does not tell."""

    at: float
    member: str
    is_connected: bool
    outbox_bytes: int = 0
    outbox_age_s: float = 0.0
    kernel_bytes: int | None = None
    published: int = 0  # by everybody, so far
    delivered: int = 0  # to this member, so far


class DiskSample(NamedTuple):
    """Where the messages of an experiment were at one moment, each counted once."""

    at: float
    published: int = 0
    received: int = 0  # by at least one member
    stored: int = 0  # in the audit file
    at_risk: int = 0  # received, and not in the file: a kill would lose them
    refused: int = 0  # answers `unavailable`; the client sends such a message again


class Mark(NamedTuple):
    """One thing that was done (DID) or that happened (CLOSED, BACK; KILLED: to the server).

    `member` is SERVER for what concerns everybody.
    """

    at: float
    member: str
    kind: str
    words: str
    network: str = WELL  # after an action
    code: int = 0  # of a close; after a return, of the close that the client was told about
    reason: str = ""
    limit: str = ""  # the limit that a slow member had reached, as far as the last sample tells
    freed_bytes: int = 0
    recorded: int = 0  # after a return, the code of the close as the client itself recorded it


class Moment(NamedTuple):
    """One picture of the film strip."""

    at: float
    words: str


class Viewer(Protocol):
    """What draws recordings."""

    async def watch(self, recording: "Recording | Talk") -> None:
        """Show a recording until it is over, then leave a still picture."""
        ...

    def show(self, recording: "Recording") -> None:
        """Show a finished recording with a slider."""
        ...


@dataclass
class Recording:
    """One experiment."""

    viewer: ClassVar[Viewer | None] = None

    plan: Plan
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    sent: list[tuple[float, str]] = field(default_factory=list)  # by message number: when, by whom
    received: dict[str, dict[int, float]] = field(default_factory=dict)  # by member: message number, when
    stored: dict[int, float] = field(default_factory=dict)  # message number, when it was first seen in the audit file
    disk: list[DiskSample] = field(default_factory=list)  # empty unless the plan is about the disk
    now: float = 0.0
    is_over: bool = False

    def __post_init__(self) -> None:
        for name in self.plan.members:
            self.samples.setdefault(name, [])
            self.received.setdefault(name, {})

    def add(self, sample: Sample) -> None:
        """Add a sample, no older than the last one of this member."""
        self.samples[sample.member].append(sample)
        self.now = max(self.now, sample.at)

    def last(self, member: str, at: float | None = None) -> Sample:
        """Return a member's last sample at a time, or an empty one."""
        samples = self.samples[member]
        place = len(samples) if at is None else bisect_right(samples, at, key=lambda sample: sample.at)
        return samples[place - 1] if place else Sample(0.0, member, True)

    def last_of_disk(self, at: float | None = None) -> DiskSample:
        """Return the last sample of the disk at a time, or an empty one."""
        place = len(self.disk) if at is None else bisect_right(self.disk, at, key=lambda sample: sample.at)
        return self.disk[place - 1] if place else DiskSample(0.0)

    def marks_of(self, member: str, at: float) -> list[Mark]:
        """Return what was done and what happened to a member or to the server until a time."""
        return [mark for mark in sorted(self.marks) if mark.member in (member, SERVER) and mark.at <= at]

    def network(self, member: str, at: float) -> str:
        """Return the state of a member's network at a time: well, slow or stopped."""
        done = (mark for mark in reversed(self.marks_of(member, at)) if mark.kind == DID and mark.member == member)
        return next((mark.network for mark in done), WELL)

    def ending(self, member: str, at: float) -> Mark | None:
        """Return the close or the return that a member's connection is in at a time; None if it was never closed."""
        return next((mark for mark in reversed(self.marks_of(member, at)) if mark.kind != DID), None)

    def limit_reached(self, member: str) -> tuple[str, int]:
        """Return the limit that a member closed as slow had reached, or "", and how many bytes its close freed."""
        limits = self.plan.limits
        full = next(
            (sample for sample in reversed(self.samples[member]) if sample.is_connected and sample.outbox_bytes), None
        )
        if full is None:
            return "", 0
        age = full.outbox_age_s / limits.outbox_age_s if limits.outbox_age_s else 0.0
        shares = {BYTES: full.outbox_bytes / limits.outbox_bytes, AGE: age}
        reached = {name: share for name, share in shares.items() if REACHED[0] <= share <= REACHED[1]}
        return max(reached, key=lambda name: reached[name], default=""), full.outbox_bytes

    @property
    def closes(self) -> list[Mark]:
        """The closed connections, oldest first."""
        return [mark for mark in sorted(self.marks) if mark.kind == CLOSED]

    @property
    def returns(self) -> list[Mark]:
        """The members that came back after a close, oldest first."""
        return [mark for mark in sorted(self.marks) if mark.kind == BACK and mark.member != SERVER]

    @property
    def lost(self) -> list[int]:
        """The numbers of the messages that a member received, and that are not in the audit file.

        After a kill, only messages from before the last one count; later ones may still be stored.
        """
        killed = max((mark.at for mark in self.marks if mark.kind == KILLED), default=self.now)
        return self._unstored(killed)

    def lost_at(self, at: float) -> int:
        """Return how many messages were lost by the kills until a time, as far as is known now."""
        killed = max((mark.at for mark in self.marks if mark.kind == KILLED and mark.at <= at), default=None)
        return 0 if killed is None else len(self._unstored(killed))

    def missing(self, member: str) -> list[int]:
        """Return the numbers of the messages that a member never received, although it received later ones.

        A message that was published before its first one or after its last one does not count.
        """
        got = self.received[member].copy()
        return [] if not got else [number for number in range(min(got), max(got)) if number not in got]

    def _unstored(self, until: float) -> list[int]:
        copies = [each.copy() for each in self.received.values()]  # they grow while another thread draws a picture
        received = {number for each in copies for number, at in each.items() if at <= until}
        return sorted(received - set(self.stored.copy()))

    @property
    def peak(self) -> Sample:
        """The sample with the fullest outbox."""
        empty = Sample(0.0, self.plan.watched, True)
        return max((each for row in self.samples.values() for each in row), key=lambda s: s.outbox_bytes, default=empty)

    @property
    def frame(self) -> "pandas.DataFrame":
        """Every sample as a row, sorted by time."""
        import pandas

        rows = sorted(sample for row in self.samples.values() for sample in row)
        return pandas.DataFrame(rows, columns=list(Sample._fields))

    def lanes(self) -> "pandas.DataFrame":
        """Return one row for each message and each receiver. `received` is empty if the message did not arrive."""
        import pandas

        rows = [
            (number, sender, at, member, arrived.get(number))
            for number, (at, sender) in enumerate(self.sent)
            for member, arrived in self.received.items()
        ]
        return pandas.DataFrame(rows, columns=["message", "from", "sent", "to", "received"])

    def moments(self) -> list[Moment]:
        """Return the three to five moments that matter, in order."""
        marks = self.marks_of(self.plan.watched, self.now)
        closed = next((mark for mark in marks if mark.kind == CLOSED), None)
        end = Moment(self.now, "the end")
        if not marks:
            return [Moment(self.now / 4, "near the start"), Moment(self.now / 2, "halfway"), end]
        before = Moment(max(0.0, marks[0].at - SAMPLE_S), "before")
        killed = next((mark for mark in marks if mark.kind == KILLED), None)
        done = [mark for mark in marks if mark.kind in (DID, KILLED)]
        if killed is not None and len(done) > sum(mark.kind == KILLED for mark in done):
            return [before, *(Moment(mark.at, mark.words) for mark in done[:3]), end]
        if killed is not None:
            last = Moment(max([0.0, *(each.at for each in self.disk if each.at < killed.at)]), "just before the kill")
            after = [Moment(mark.at, mark.words) for mark in marks if mark.kind == BACK and mark.at > killed.at]
            return [Moment(killed.at / 2, "before"), last, self._after(killed), *after[:1], end]
        if self.plan.about == HISTORY:
            backs = [mark for mark in marks if mark.kind == BACK]
            return [before, *(each for mark in backs[:2] for each in self._around_a_return(mark)), end][:5]
        if closed is None:
            return [before, *(Moment(mark.at, mark.words) for mark in marks[:3]), end]
        back = next((self._return(mark) for mark in marks if mark.kind == BACK and mark.at > closed.at), end)
        return [before, *self._around(closed), back]

    def _after(self, killed: Mark) -> Moment:
        """Return the first sample after a kill."""
        return Moment(next((each.at for each in self.disk if each.at >= killed.at), killed.at), killed.words)

    def _around_a_return(self, back: Mark) -> list[Moment]:
        """Return the last sample before a return, and the first one that has what the server sent at it."""
        later = next((each.at for each in self.samples[back.member] if each.at >= back.at + SETTLED_S), self.now)
        return [Moment(back.at - SAMPLE_S, f"{back.member} is still away"), Moment(later, back.words)]

    def _return(self, back: Mark) -> Moment:
        """Return the first sample after a return."""
        samples = self.samples[back.member]
        return Moment(next((s.at for s in samples if s.at >= back.at and s.is_connected), back.at), back.words)

    def _around(self, closed: Mark) -> list[Moment]:
        """Return when the outbox began to fill, the last sample before a close, and the first one after it.

        If it did not fill, the first moment is that of what was done to the member.
        """
        samples = [each for each in self.samples[closed.member] if each.at <= closed.at and each.is_connected]
        idle = [each.at for each in samples if not each.outbox_bytes]
        last = samples[-1].at if samples else closed.at
        begins = next((each.at for each in samples if each.at > (idle[-1] if idle else 0.0)), last)
        gone = next((s.at for s in self.samples[closed.member] if s.at >= closed.at and not s.is_connected), closed.at)
        full = Moment(last, f"just before the {closed.limit or 'close'}")
        done = [Moment(mark.at, mark.words) for mark in self.marks_of(closed.member, closed.at) if mark.kind == DID]
        return [
            *([Moment(begins, "the outbox begins to fill")] if begins < last else done[-1:]),
            full,
            Moment(gone, closed.words),
        ]

    @property
    def story(self) -> str:
        """The moments' words, without figures that differ from run to run."""
        return "; ".join(moment.words for moment in self.moments())

    def text(self) -> str:
        """Describe as text what the pictures show."""
        rows = [f"{at:5.1f} s  {words}: {self._waiting(at)}" for at, words in self.moments()]
        return "\n".join(rows)

    def _waiting(self, at: float) -> str:
        if self.plan.about_disk:
            return _on_disk(self.last_of_disk(at))
        sample = self.last(self.plan.watched, at)
        kernel = "unknown" if sample.kernel_bytes is None else f"{digits(sample.kernel_bytes / 1000)} kB"
        outbox = f"{digits(sample.outbox_bytes / 1000)} kB, oldest message waiting {sample.outbox_age_s:.1f} s"
        return f"outbox {outbox}; kernel buffer {kernel}; {sample.delivered:,} of {sample.published:,} delivered"

    def compare(self, after: "Recording") -> "Comparison":
        """Return both recordings, to be drawn on the same axes."""
        return Comparison(self, after)

    def show(self) -> None:
        """Show the picture with a slider. Outside a notebook, print the text."""
        if self.viewer is None:
            print(self.text())
        else:
            self.viewer.show(self)

    def __repr__(self) -> str:
        return f"<recording: {self.plan}>"


class Comparison(NamedTuple):
    """Two recordings on the same axes."""

    before: Recording
    after: Recording

    def text(self) -> str:
        """Compare the peaks and the closes, or what was lost."""
        return "\n".join(f"{name}: {_in_short(run)}" for name, run in zip(self._fields, self))

    def __repr__(self) -> str:
        return f"<before: {self.before.plan}; after: {self.after.plan}>"


def _on_disk(sample: DiskSample) -> str:
    return (
        f"{sample.published:,} published; {sample.received:,} received; {sample.stored:,} in the file; "
        f"{sample.at_risk:,} received and not in the file; {sample.refused:,} refused"
    )


def _in_short(run: Recording) -> str:
    if run.plan.about_disk:
        return _on_disk(run.last_of_disk())
    closes = ", ".join(f"{mark.member} {mark.code} {mark.reason} at {mark.at:.1f} s" for mark in run.closes)
    return f"the fullest outbox held {digits(run.peak.outbox_bytes / 1000)} kB; closed: {closes or 'nobody'}"
