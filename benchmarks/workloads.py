"""The workloads, and how to measure one: start a new server, run the generator, and read one line of JSON.

A closed loop keeps a fixed number of messages in flight. An open loop sends at a fixed rate, whatever the server does,
and measures latency from the time a message was due.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks.compiled import program
from benchmarks.servers import GENERATOR_CORE, TOKEN, Running, alone_on, running
from labkit.platform.processes import rss_kb

Figures = dict[str, float]
MOST_S = 100.0
STALL_S = 60.0


class Workload(NamedTuple):
    """A workload: its title, the unit of its figure, the generator's options, and whether more is better."""

    title: str
    unit: str
    options: str
    measure: "Callable[[Running, str, float], Figures]"
    more_is_better: bool = True


def generating(server: Running, options: str) -> "subprocess.Popen[str]":
    """Start the generator on its core."""
    mode, *settings = options.split()
    return subprocess.Popen(
        [program("generator"), str(server.port), mode, *settings, f"pid={server.pid}"],
        env=os.environ | {"DEV_TOKEN": TOKEN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: alone_on(GENERATOR_CORE),
    )


def _result(generator: "subprocess.Popen[str]") -> Figures:
    """Return the generator's final figures. It stops by itself, or when its stdin is closed."""
    try:
        generator.wait(MOST_S)
        said, _ = generator.communicate()
    except subprocess.TimeoutExpired:
        generator.kill()
        raise click.ClickException("the generator did not end") from None
    if generator.returncode:
        raise click.ClickException("the generator failed; its output is above")
    figures: Figures = json.loads(said.splitlines()[-1])
    return figures


def load(server: Running, options: str, seconds: float) -> Figures:
    """Measure the rate per second, the latencies, the server's CPU use, and how busy the generator was."""
    return _result(generating(server, f"{options} seconds={seconds}"))


def late(server: Running, options: str, seconds: float) -> Figures:
    """Measure the p99 latency in an open loop."""
    figures = load(server, options, seconds)
    return figures | {"value": figures["p99_ms"]}


def memory(server: Running, options: str, _: float) -> Figures:
    """Measure the server's memory per idle member, in kilobytes."""
    members = 1
    for setting in options.split()[1:]:
        name, _, number = setting.partition("=")
        members *= int(number) if name in ("rooms", "members") else 1
    warm = generating(server, "hold rooms=1 members=50 inflight=10")
    assert warm.stdout is not None
    warm.stdout.readline()
    before = rss_kb(server.pid)
    crowd = generating(server, options)
    assert crowd.stdout is not None
    crowd.stdout.readline()
    time.sleep(0.3)
    grown = rss_kb(server.pid) - before
    for generator in (crowd, warm):
        generator.communicate()
    return {"value": grown / members, "busy": 0.0}


def stalled(server: Running, options: str, _: float) -> Figures:
    """Measure how many seconds it takes until the server and the kernel have dropped a member that stopped reading."""
    generator = generating(server, f"{options} seconds={STALL_S}")
    assert generator.stdout is not None
    port = int(generator.stdout.readline().split()[1])
    began = time.monotonic()
    while _holds(server.port, port) and time.monotonic() - began < STALL_S:
        time.sleep(0.02)
    gone_s = time.monotonic() - began
    assert generator.stdin is not None
    generator.stdin.close()
    generator.stdin = None  # or `communicate` would flush it
    return _result(generator) | {"value": gone_s}


def _holds(server_port: int, port: int) -> bool:
    """Return whether the kernel still has the server's end of a connection."""
    here, there = f":{server_port:04X}", f":{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(line[1].endswith(here) and line[2].endswith(there) for line in lines)


ROOM_OF_500 = "talk rooms=1 members=500 senders=1"
WORKLOADS = {
    "W1a": Workload(
        "a room of 500, one sender, one message in flight", "deliveries/s", f"{ROOM_OF_500} window=1", load
    ),
    "W1b": Workload(
        "a room of 500, one sender, 32 messages in flight", "deliveries/s", f"{ROOM_OF_500} window=32", load
    ),
    "W2": Workload("50 rooms of 20, all send", "deliveries/s", "talk rooms=50 members=20 senders=20 window=1", load),
    "W3": Workload("100 members send pings", "answers/s", "ping rooms=1 members=100", load),
    "W4": Workload(
        "1000 clients connect and join at once", "connections/s", "storm rooms=50 members=20 inflight=1000", load
    ),
    "W4b": Workload(
        "1000 clients connect and join, 64 at a time", "connections/s", "storm rooms=50 members=20 inflight=64", load
    ),
    "W5": Workload("2000 idle members", "KB each", "hold rooms=100 members=20", memory, False),
    "W6": Workload(
        "a room of 200, 200 messages/s of 1.1 KB; one member stops reading",
        "s until it is closed",
        "talk rooms=1 members=200 senders=1 deaf=1 rate=200 words=950",
        stalled,
        False,
    ),
    "40k": Workload(
        "a room of 500 at 80 messages/s: 40,000 deliveries/s", "ms p99", f"{ROOM_OF_500} rate=80", late, False
    ),
    "500k": Workload(
        "a room of 500 at 1000 messages/s: 500,000 deliveries/s", "ms p99", f"{ROOM_OF_500} rate=1000", late, False
    ),
    "1M": Workload(
        "a room of 500 at 2000 messages/s: 1,000,000 deliveries/s", "ms p99", f"{ROOM_OF_500} rate=2000", late, False
    ),
    "5000": Workload(
        "a room of 5000 at 20 messages/s: 100,000 deliveries/s",
        "ms p99",
        "talk rooms=1 members=5000 senders=1 rate=20",
        late,
        False,
    ),
}


def measure(workload: Workload, server: str, seconds: float) -> Figures:
    """Run a workload once on a new server. The figure named `value` is the one to compare."""
    with running(server) as address:
        figures = workload.measure(address, workload.options, seconds)
    return {"value": figures["per_s"], **figures} if "value" not in figures else figures
