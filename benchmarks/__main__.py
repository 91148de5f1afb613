"""Run the benchmarks in interleaved rounds. In each round, every server runs each workload once, in a new process.

A machine's speed may drift by a third within minutes. So each figure is divided by the article's server's figure from
the same round, and the median of these ratios counts.
"""

import os
import sys
from pathlib import Path

import click

from benchmarks.figures import FIGURES, Store
from benchmarks.report import details, overview, plot
from benchmarks.servers import NAMES, missing
from benchmarks.workloads import WORKLOADS, measure

EXAMPLES = """\b
Examples:
  python -m benchmarks                              everything, five rounds; takes half an hour
  python -m benchmarks W2 --rounds 3                one workload
  python -m benchmarks W1a W1b --servers ours,article
  python -m benchmarks --table                      show saved figures
"""


@click.command(epilog=EXAMPLES)
@click.argument("workloads", nargs=-1, type=click.Choice(list(WORKLOADS)))
@click.option("--servers", default="", help=f"Comma-separated, from {', '.join(NAMES)}. [default: all useful ones]")
@click.option("--rounds", default=5, show_default=True, help="Number of rounds. Each runs every server once.")
@click.option("--seconds", default=2.0, show_default=True, help="Duration of the load, for each server in each round.")
@click.option("--figures", type=click.Path(path_type=Path), default=FIGURES, help="The file that stores the figures.")
@click.option("--table", "table_only", is_flag=True, help="Show saved figures without measuring.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Also plot the figures, as a PNG file.")
def main(
    workloads: tuple[str, ...],
    servers: str,
    rounds: int,
    seconds: float,
    figures: Path,
    table_only: bool,
    picture: Path | None,
) -> None:
    """Benchmark room servers side by side. Requires Linux, two cores, gcc, and Node with ws (`make setup-e2e`)."""
    store = Store(figures)
    if not table_only:
        chosen = _chosen(servers)
        for name in workloads or WORKLOADS:
            _measure(
                store, name, [server for server in chosen if server not in SENSELESS.get(name, ())], rounds, seconds
            )
    click.echo(f"{overview(store)}\n\n{details(store)}")
    if picture is not None:
        plot(store, picture)


# Combinations that would take minutes for nothing: the server is overloaded within a second, or shows nothing new.
SENSELESS = {
    "W5": ("no audit",),
    "W6": ("no audit", "article", "ideas", "uvloop", "plain", "ceiling", "aiohttp"),  # Node's take a minute each
    "500k": ("article", "aiohttp", "plain"),
    "1M": ("article", "aiohttp", "plain"),
    "5000": ("article", "aiohttp", "plain"),
}


def _chosen(servers: str) -> list[str]:
    wanted = [name.strip() for name in servers.split(",")] if servers else NAMES
    if not sys.platform.startswith("linux") or len(os.sched_getaffinity(0)) < 2:
        raise click.ClickException("the benchmarks need Linux and two cores, for the server and the load generator")
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise click.ClickException(f"there is no server {unknown[0]!r}; choose from {', '.join(NAMES)}")
    for name in wanted:
        why = missing(name)
        if why is not None:
            raise click.ClickException(f"cannot run {name!r}: {why}, or omit it with --servers")
    return wanted


def _measure(store: Store, workload: str, servers: list[str], rounds: int, seconds: float) -> None:
    store.forget(workload, servers)
    for number in range(rounds):
        for server in servers:
            taken = measure(WORKLOADS[workload], server, seconds)
            store.add(workload, server, taken)
            said = " ".join(f"{name}={value:g}" for name, value in taken.items())
            click.echo(f"{workload} round {number + 1}/{rounds} {server}: {said}", err=True)
        store.save()


if __name__ == "__main__":
    main()
