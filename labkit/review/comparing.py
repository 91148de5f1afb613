"""Compare a review with an earlier one, so that only new faults fail a build."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from labkit.review.finding import CannotReview
from labkit.review.report import Report
from labkit.text import files as text_files


@dataclass(frozen=True, slots=True)
class Comparison:
    """Probe ids grouped by how their verdict changed, each group in chapter order."""

    worse: tuple[str, ...]  # broken, but not before
    fixed: tuple[str, ...]  # held, but broken before
    still: tuple[str, ...]  # broken before and now
    lost: tuple[str, ...]  # unknown, but not before

    @classmethod
    def of(cls, before: dict[str, str], now: Report) -> Self:
        """Compare a report with the verdicts of an earlier review. A probe that is new counts as not broken before."""
        older = {finding.id: before.get(finding.id, "") for finding in now}
        broken, was_broken = now.ids("broken"), [one for one, verdict in older.items() if verdict == "broken"]
        return cls(
            worse=tuple(one for one in broken if one not in was_broken),
            fixed=tuple(one for one in now.ids("held") if one in was_broken),
            still=tuple(one for one in broken if one in was_broken),
            lost=tuple(one for one in now.ids("unknown") if older[one] in ("held", "broken")),
        )

    def __str__(self) -> str:
        changes = {"worse": self.worse, "fixed": self.fixed, "still broken": self.still, "now unknown": self.lost}
        parts = [f"{name}: {', '.join(ids)}" for name, ids in changes.items() if ids]
        return "; ".join(parts) or "nothing changed"


def verdicts_in(path: Path) -> dict[str, str]:
    """Read the verdicts from a report that --json wrote. Raises CannotReview."""
    try:
        return {one["id"]: one["verdict"] for one in json.loads(text_files.read(path))["probes"]}
    except OSError as error:
        raise CannotReview(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CannotReview(f"{path} is not a report; give a file that --json wrote") from None
