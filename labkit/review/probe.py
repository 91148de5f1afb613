"""A probe: one failure mode, as a value. The probes themselves are in `probes/`, one file each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labkit.review.finding import Seen, Severity

if TYPE_CHECKING:
    from labkit.review.scene import Scene

Profile = Literal["core", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What must hold, how to look, and what to do when it does not.

    `alone`: it may end a weak server, or needs a quiet one, so nothing else runs meanwhile.
    """

    id: str  # chapter/number
    title: str
    severity: Severity
    profile: Profile
    requirement: str
    expected: str
    fix: str
    missing_test: str
    run: "Callable[[Scene], Awaitable[Seen]]"
    alone: bool = False

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]
