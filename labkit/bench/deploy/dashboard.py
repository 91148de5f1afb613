"""What an operator sees of the live version, from `/metrics` and from the clients."""

from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from labkit.bench.ask import ask

SHOWN = {"labkit_closed": "code", "labkit_refused": "status", "labkit_errors": "code"}


class Look(NamedTuple):
    """One look at the live version. `troubles` counts closes, refused handshakes and errors by their code."""

    version: int
    connections: int | None
    acked_per_s: int
    troubles: dict[str, int]

    def __str__(self) -> str:
        connections = "no answer" if self.connections is None else f"{self.connections} connections"
        found = ", ".join(f"{name} {count}" for name, count in sorted(self.troubles.items())) or "none"
        return f"version {self.version}: {connections}, {self.acked_per_s} acked/s, troubles: {found}"


def look(url: str, version: int, acked_per_s: int) -> Look:
    """Ask the live version for its metrics. A server that does not answer is a look too."""
    try:
        text = ask(url, "/metrics").decode()
    except OSError:
        return Look(version, None, acked_per_s, {})
    connections, troubles = 0, dict[str, int]()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "labkit_connections":
                connections = int(sample.value)
            elif family.name in SHOWN and sample.name.endswith("_total"):
                troubles[f"{family.name.removeprefix('labkit_')} {sample.labels[SHOWN[family.name]]}"] = int(
                    sample.value
                )
    return Look(version, connections, acked_per_s, troubles)
