"""This review beside an older one, so that a server with old faults can be held to having no new ones."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from labkit.review.finding import CannotReview
from labkit.review.report import Report
from labkit.text import files as text_files


@dataclass(frozen=True, slots=True)
class Comparison:
    """Probes by what became of them: ids, in the order of the chapters."""

    worse: tuple[str, ...]  # broken, and not broken before
    mended: tuple[str, ...]  # held, and broken before
    still: tuple[str, ...]  # broken then and now
    unseen: tuple[str, ...]  # unknown, and not unknown before

    @classmethod
    def of(cls, before: dict[str, str], now: Report) -> Self:
        """The verdicts of an older review by probe, beside a report. A probe that is new was not broken before."""
        then = {finding.id: before.get(finding.id, "") for finding in now}
        broken, was_broken = now.ids("broken"), [one for one, verdict in then.items() if verdict == "broken"]
        return cls(
            worse=tuple(one for one in broken if one not in was_broken),
            mended=tuple(one for one in now.ids("held") if one in was_broken),
            still=tuple(one for one in broken if one in was_broken),
            unseen=tuple(one for one in now.ids("unknown") if then[one] in ("held", "broken")),
        )

    def __str__(self) -> str:
        named = {"worse": self.worse, "mended": self.mended, "still broken": self.still, "no longer seen": self.unseen}
        told = [f"{name}: {', '.join(ids)}" for name, ids in named.items() if ids]
        return "; ".join(told) or "nothing changed"


def verdicts_in(path: Path) -> dict[str, str]:
    """The verdicts in a file that --json wrote. Raises CannotReview."""
    try:
        return {one["id"]: one["verdict"] for one in json.loads(text_files.read(path))["probes"]}
    except OSError as error:
        raise CannotReview(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CannotReview(f"{path} is no report; compare with a file that --json wrote") from None
