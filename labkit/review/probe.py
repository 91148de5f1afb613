"""A probe: one failure mode as a value. The probes are in `probes/` and `client/probes/`."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from labkit import discovery
from labkit.evidence import Outcome
from labkit.review.finding import CannotReview, Severity
from labkit.review.promise import KIT, Profile
from labkit.text.nearest import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What must hold, how to check it, and how to fix it.

    `promise`: whose promise it judges, see `promise`. `cause`: a fault that several probes may show at once.
    `if_alive`: the severity if it is broken and the server still runs. `needs`: messages that it sends itself.
    `alone`: run no other probe at the same time, because this one may crash a weak server or needs a quiet one.
    `needs_entry`: the probe can observe nothing unless the server admits clients.
    """

    id: str  # chapter/number
    title: str
    severity: Severity
    profile: Profile
    requirement: str
    expected: str
    fix: str
    missing_test: str
    run: Callable[[Any], Awaitable[Outcome]]  # of a Scene; of a ClientScene where the profile is client
    promise: str = KIT
    cause: str = ""
    if_alive: Severity | None = None
    needs: tuple[str, ...] = ()
    alone: bool = False
    needs_entry: bool = True

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]


def load(package: str, chapters: Iterable[str]) -> tuple[Probe, ...]:
    """Import the probes of a package, which has one folder per chapter, in numerical order."""
    found: list[Probe] = []
    for chapter in chapters:
        modules = discovery.modules(f"{package}.{chapter}")
        probes = [value for module in modules for value in vars(module).values() if isinstance(value, Probe)]
        found += sorted(probes, key=lambda probe: int(probe.id.partition("/")[2]))
    return tuple(found)


def check_names(names: Iterable[str], probes: Iterable[Probe], kind: str = "probe") -> None:
    """Raise CannotReview if a name is neither a probe nor a chapter."""
    ids = {probe.id: probe.chapter for probe in probes}
    known = [*dict.fromkeys(ids.values()), *ids]
    for name in names:
        if name not in known:
            chapters = ", ".join(dict.fromkeys(ids.values()))
            near = nearest(name, known)
            raise CannotReview(f"there is no {kind} or chapter named {name!r}{near}; the chapters are {chapters}")
