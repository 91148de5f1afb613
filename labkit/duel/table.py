"""The table of a duel: for each language and prompt the faults of every draft by severity, and the medians."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from labkit.duel.drafts import Draft
from labkit.duel.judging import SEVERITIES
from labkit.duel.prompts import LANGUAGES, NAMES

HEAD = ("language", "prompt", "drafts", "reviewed", "probes", *SEVERITIES, "lines", "seconds")
Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One language and prompt. Medians are of the reviewed drafts; those of lines and seconds, of all drafts.

    `probes`: the median of the probes that held or were broken: a chat without a login or rooms is judged by fewer.
    `each`: the faults of each draft, such as {"P0": [1, 0, 2]}; None for a draft that was not reviewed.
    """

    language: str
    prompt: str
    drafts: int
    reviewed: int
    probes: float | None
    each: Mapping[str, list[int | None]]
    lines: float
    seconds: float | None

    @property
    def medians(self) -> dict[str, float | None]:
        """The median of the faults per severity; None if no draft was reviewed."""
        counted = {name: [one for one in values if one is not None] for name, values in self.each.items()}
        return {name: median(values) if values else None for name, values in counted.items()}

    @property
    def cells(self) -> list[str]:
        """The row as text; after each median, the numbers that it is of."""
        faults = [f"{_shown(self.medians[name])} ({_each(self.each[name])})" for name in SEVERITIES]
        rest = [_shown(self.lines), _shown(self.seconds)]
        head = [self.language, self.prompt, str(self.drafts), str(self.reviewed), _shown(self.probes)]
        return [*head, *faults, *rest]

    def json(self) -> dict[str, Any]:
        """Return the row as it appears in the JSON."""
        head = {"language": self.language, "prompt": self.prompt, "drafts": self.drafts, "reviewed": self.reviewed}
        each = {name: list(values) for name, values in self.each.items()}
        head |= {"probes": self.probes}
        return head | {"median": self.medians, "each": each, "lines": self.lines, "seconds": self.seconds}


def rows(reviews: Iterable[tuple[Draft, Mapping[str, Any]]]) -> list[Row]:
    """Return the rows of these drafts and their reviews, by language and prompt. Drafts without a review are absent."""
    found = list(reviews)
    return [
        _row(language, prompt, group)
        for language in LANGUAGES
        for prompt in NAMES
        if (group := [one for one in found if (one[0].language, one[0].prompt) == (language, prompt)])
    ]


def _row(language: str, prompt: str, group: list[tuple[Draft, Mapping[str, Any]]]) -> Row:
    is_reviewed = [review["outcome"] == "reviewed" for _, review in group]
    each = {
        name: [int(review[name]) if is_one else None for (_, review), is_one in zip(group, is_reviewed, strict=True)]
        for name in SEVERITIES
    }
    seconds = [one for draft, _ in group if isinstance(one := draft.made.get("seconds"), int | float)]
    lines = median(int(review["lines"]) for _, review in group)
    probes = [
        int(review["summary"]["held"]) + int(review["summary"]["broken"])
        for (_, review), is_one in zip(group, is_reviewed, strict=True)
        if is_one
    ]
    counts = len(group), sum(is_reviewed), median(probes) if probes else None
    return Row(language, prompt, *counts, each, lines, median(seconds) if seconds else None)


def markdown(found: Iterable[Row]) -> str:
    """Return the table as Markdown. It ends with a newline."""
    lines = [HEAD, ("---",) * len(HEAD), *(tuple(row.cells) for row in found)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def text(found: Iterable[Row]) -> str:
    """Return the table as aligned columns."""
    lines = [list(HEAD), *(row.cells for row in found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    return "".join("  ".join(one.ljust(width) for one, width in zip(line, widths)).rstrip() + "\n" for line in lines)


def _each(values: list[int | None]) -> str:
    return ", ".join("-" if one is None else str(one) for one in values)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
