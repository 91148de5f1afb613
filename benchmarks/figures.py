"""The measured figures: a list of rounds for each workload and server, stored as JSON."""

import json
from pathlib import Path
from statistics import median
from typing import NamedTuple

FIGURES = Path(__file__).parent / "figures.json"
BASE = "article"


class Summary(NamedTuple):
    """The median, minimum and maximum over several rounds."""

    median: float
    least: float
    most: float
    rounds: int


class Store:
    """Figures in a file. New measurements replace older ones."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, dict[str, list[dict[str, float]]]] = json.loads(path.read_text()) if path.exists() else {}

    def forget(self, workload: str, servers: list[str]) -> None:
        """Drop these servers' old figures, before measuring them again."""
        for server in servers:
            self._kept.setdefault(workload, {})[server] = []

    def add(self, workload: str, server: str, figures: dict[str, float]) -> None:
        """Add the figures from one round."""
        self._kept[workload][server].append(figures)

    def save(self) -> None:
        """Write the figures to the file."""
        self._path.write_text(json.dumps(self._kept, indent=1) + "\n")

    @property
    def workloads(self) -> list[str]:
        """The workloads that have been measured."""
        return list(self._kept)

    def servers(self, workload: str) -> list[str]:
        """Return the servers that have been measured with a workload."""
        return [server for server, rounds in self._kept.get(workload, {}).items() if rounds]

    def summary(self, workload: str, server: str, name: str = "value") -> Summary | None:
        """Summarize one of a server's figures over all rounds."""
        rounds = self._kept.get(workload, {}).get(server, [])
        return _summary([figures[name] for figures in rounds if name in figures])

    def ratio(self, workload: str, server: str, name: str = "value") -> Summary | None:
        """Summarize the ratios of a server's figure to that of the article's server in the same round."""
        kept = self._kept.get(workload, {})
        pairs = zip(kept.get(server, []), kept.get(BASE, []))
        return _summary([ours[name] / base[name] for ours, base in pairs if base.get(name)])


def _summary(values: list[float]) -> Summary | None:
    return Summary(median(values), min(values), max(values), len(values)) if values else None
