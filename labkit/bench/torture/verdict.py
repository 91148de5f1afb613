"""What a torture found: six counts that should be 0, and how many were acked to make them mean something."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

MUST_BE_0 = ("lost", "duplicated", "reordered", "leaked", "audit_missing")
SENTENCES_KEPT = 50


class Counted(Protocol):
    """A breach, as the checker finds it."""

    @property
    def kind(self) -> str:
        """One of MUST_BE_0."""

    @property
    def sentence(self) -> str:
        """What happened."""

    @property
    def times(self) -> int:
        """How often."""


@dataclass(frozen=True)
class Verdict:
    """`faults` are the first sentences; `gaps` were told and are no fault."""

    acked: int
    lost: int
    duplicated: int
    reordered: int
    leaked: int
    kills: int
    audit_missing: int
    faults: tuple[str, ...] = ()

    @classmethod
    def of(cls, faults: Iterable[Counted], *, acked: int, kills: int) -> "Verdict":
        """Add the breaches up."""
        found = list(faults)
        counts: Counter[str] = Counter()
        for fault in found:
            counts[fault.kind] += fault.times
        told = tuple(f"{fault.kind}: {fault.sentence}" for fault in found[:SENTENCES_KEPT])
        return cls(acked=acked, kills=kills, faults=told, **{name: counts[name] for name in MUST_BE_0})

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, doubled, moved, leaked or missing, and something was said at all."""
        return self.acked > 0 and not any(getattr(self, name) for name in MUST_BE_0)

    def json(self) -> dict[str, Any]:
        """The seven figures, in the order in which `labkit torture` prints them."""
        names = ("acked", "lost", "duplicated", "reordered", "leaked", "kills", "audit_missing")
        return {name: getattr(self, name) for name in names}
