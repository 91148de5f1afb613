"""CPU that each server spends on one delivery, side by side: paired rounds, interleaved, medians.

Rooms of some members talk in a closed loop (`labkit load --closed`). The generator is Python and busier than any of the
servers, so deliveries a second would measure the generator. What a server spends on each delivery is its own: user and
system time of its process, from /proc, divided by what its members heard.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from labkit.bench.load import load
from labkit.bench.server_process import ServerProcess

ROOT = Path(__file__).parent.parent
TOKEN = "a-token-for-benchmarks"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
WORKLOADS = {"one room of 100": (1, 100), "20 rooms of 10": (20, 10)}


@contextmanager
def ours(*options: str) -> Iterator[tuple[str, int]]:
    """Our server with some options, in a process; its address and pid."""
    process = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet", "--set", "messages_per_s=off", *options])
    url = process.start()
    assert process.pid is not None
    try:
        yield url, process.pid
    finally:
        process.terminate()


@contextmanager
def with_audit() -> Iterator[tuple[str, int]]:
    """Every event stored before anybody hears of it."""
    with tempfile.TemporaryDirectory() as folder, ours("--audit", f"{folder}/audit.db") as server:
        yield server


@contextmanager
def in_node() -> Iterator[tuple[str, int]]:
    """A server in Node on `ws`, in the article's manner: it serialises once for each member."""
    command = ["node", str(ROOT / "tests/wire/peer.mjs"), str(ROOT / ".e2e/node_modules/ws")]
    environment = {**os.environ, "DEV_TOKEN": TOKEN, "PORT": "0"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}", process.pid
        finally:
            process.kill()


SERVERS: dict[str, Callable[[], object]] = {
    "ours, audit on": with_audit,
    "ours": ours,
    "ours, fast_path=off": lambda: ours("--set", "fast_path=off"),
    "Node, article's manner": in_node,
}


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def cost_us(name: str, rooms: int, members: int, seconds: float) -> float:
    """Microseconds of the server's CPU for each delivery."""
    with SERVERS[name]() as (url, pid):  # type: ignore[attr-defined]
        before = cpu_s(pid)
        result = asyncio.run(load(url, token=TOKEN, rooms=rooms, members=members, rate=None, seconds=seconds))
        return 1e6 * (cpu_s(pid) - before) / result.delivered


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds, each with every server once.")
@click.option("--seconds", default=3.0, show_default=True, help="Of load, for each server in each round.")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
def main(rounds: int, seconds: float, as_json: bool) -> None:
    """Measure what one delivery costs each server. Needs Linux; Node's row needs `make setup-e2e`."""
    names = [name for name in SERVERS if name != "Node, article's manner" or _has_node()]
    figures: dict[str, dict[str, float]] = {}
    for workload, (rooms, members) in WORKLOADS.items():
        taken: dict[str, list[float]] = {name: [] for name in names}
        for number in range(rounds):
            click.echo(f"{workload}, round {number + 1} of {rounds}", err=True)
            for name in names:
                taken[name].append(cost_us(name, rooms, members, seconds))
        figures[workload] = {name: round(statistics.median(values), 1) for name, values in taken.items()}
    click.echo(json.dumps(figures) if as_json else _table(figures))


def _has_node() -> bool:
    return shutil.which("node") is not None and (ROOT / ".e2e/node_modules/ws").is_dir()


def _table(figures: dict[str, dict[str, float]]) -> str:
    lines = [f"{'server CPU a delivery, microseconds':<26}"]
    for workload, row in figures.items():
        lines += [f"\n{workload}", *(f"  {name:<24}{value:>8.1f}" for name, value in row.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
