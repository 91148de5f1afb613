"""What was measured: for each workload and server a list of rounds, kept as JSON."""

import json
from pathlib import Path
from statistics import median
from typing import NamedTuple

FIGURES = Path(__file__).parent / "figures.json"
BASE = "article"


class Summary(NamedTuple):
    """Median, least and most, of some rounds."""

    median: float
    least: float
    most: float
    rounds: int


class Store:
    """Figures in a file; what is measured again replaces what was there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, dict[str, list[dict[str, float]]]] = json.loads(path.read_text()) if path.exists() else {}

    def forget(self, workload: str, servers: list[str]) -> None:
        """Before these servers are measured again."""
        for server in servers:
            self._kept.setdefault(workload, {})[server] = []

    def add(self, workload: str, server: str, figures: dict[str, float]) -> None:
        """One more round."""
        self._kept[workload][server].append(figures)

    def save(self) -> None:
        """Write them down."""
        self._path.write_text(json.dumps(self._kept, indent=1) + "\n")

    @property
    def workloads(self) -> list[str]:
        """Those that were measured."""
        return list(self._kept)

    def servers(self, workload: str) -> list[str]:
        """Those that met it."""
        return [server for server, rounds in self._kept.get(workload, {}).items() if rounds]

    def summary(self, workload: str, server: str, name: str = "value") -> Summary | None:
        """One figure of a server over its rounds."""
        rounds = self._kept.get(workload, {}).get(server, [])
        return _summary([figures[name] for figures in rounds if name in figures])

    def ratio(self, workload: str, server: str, name: str = "value") -> Summary | None:
        """The same, divided by the article's server in the same round."""
        kept = self._kept.get(workload, {})
        pairs = zip(kept.get(server, []), kept.get(BASE, []))
        return _summary([ours[name] / base[name] for ours, base in pairs if base.get(name)])


def _summary(values: list[float]) -> Summary | None:
    return Summary(median(values), min(values), max(values), len(values)) if values else None
