"""Compare a review with an earlier one, so that only new faults fail a build."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from labkit.review.finding import CannotReview
from labkit.review.report import Report
from labkit.text import files as text_files


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier review. `faults`: the probes of each cause; None in a report that an older labkit wrote."""

    verdicts: Mapping[str, str]
    faults: tuple[frozenset[str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Probe ids grouped by how their verdict changed, each group in chapter order."""

    worse: tuple[str, ...]  # broken, but not before
    fixed: tuple[str, ...]  # held, but broken before
    still: tuple[str, ...]  # broken before and now
    lost: tuple[str, ...]  # unknown, but not before
    faults: tuple[int, int] | None = None  # causes before and now, among the probes that ran now

    @classmethod
    def of(cls, before: Earlier, now: Report) -> Self:
        """Compare a report with an earlier review. A probe that is new counts as not broken before."""
        older = {finding.id: before.verdicts.get(finding.id, "") for finding in now}
        left = len(now.causes)
        broken, was_broken = now.ids("broken"), [one for one, verdict in older.items() if verdict == "broken"]
        return cls(
            worse=tuple(one for one in broken if one not in was_broken),
            fixed=tuple(one for one in now.ids("held") if one in was_broken),
            still=tuple(one for one in broken if one in was_broken),
            lost=tuple(one for one in now.ids("unknown") if older[one] in ("held", "broken")),
            faults=None if before.faults is None else (sum(not one.isdisjoint(older) for one in before.faults), left),
        )

    def __str__(self) -> str:
        changes = {"worse": self.worse, "fixed": self.fixed, "still broken": self.still, "now unknown": self.lost}
        parts = [f"{name}: {', '.join(ids)}" for name, ids in changes.items() if ids]
        if self.faults is not None:
            parts = [*(parts or ["nothing changed"]), f"faults: {self.faults[0]} before, {self.faults[1]} now"]
        return "; ".join(parts) or "nothing changed"


def earlier(path: Path) -> Earlier:
    """Read a report that --json wrote. Raises CannotReview."""
    try:
        report = json.loads(text_files.read(path))
        faults = [frozenset(one["probes"]) for one in report["causes"]] if "causes" in report else None
        verdicts = {one["id"]: one["verdict"] for one in report["probes"]}
        return Earlier(verdicts, None if faults is None else tuple(faults))
    except OSError as error:
        raise CannotReview(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CannotReview(f"{path} is not a report; give a file that --json wrote") from None
