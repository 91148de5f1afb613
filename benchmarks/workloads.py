"""The workloads, and one measurement of one of them: a fresh server, the generator against it, one line of JSON.

Closed loops keep so many messages unheard; open loops send at their rate whatever the server does, and a latency counts
from the moment at which the message was due.
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
    """What is done, what is shown of it, and whether more of it is better. `options` are the generator's."""

    title: str
    unit: str
    options: str
    measure: "Callable[[Running, str, float], Figures]"
    more_is_better: bool = True


def generating(server: Running, options: str) -> "subprocess.Popen[str]":
    """The generator, at work on its core."""
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
    """What it says at its end. It ends by itself, or when its stdin does."""
    try:
        generator.wait(MOST_S)
        said, _ = generator.communicate()
    except subprocess.TimeoutExpired:
        generator.kill()
        raise click.ClickException("the generator did not end") from None
    if generator.returncode:
        raise click.ClickException("the generator failed; what it said is above")
    figures: Figures = json.loads(said.splitlines()[-1])
    return figures


def load(server: Running, options: str, seconds: float) -> Figures:
    """Deliveries, requests or connections a second; latencies; the server's CPU; how busy the generator was."""
    return _result(generating(server, f"{options} seconds={seconds}"))


def late(server: Running, options: str, seconds: float) -> Figures:
    """An open loop: what counts is the p99."""
    figures = load(server, options, seconds)
    return figures | {"value": figures["p99_ms"]}


def memory(server: Running, options: str, _: float) -> Figures:
    """Kilobytes of the server's memory for each member that has joined and is idle."""
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
    """Seconds until a member that stopped reading is gone, from the server and from the kernel."""
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
    """Whether the kernel still has the server's end of a connection."""
    here, there = f":{server_port:04X}", f":{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(line[1].endswith(here) and line[2].endswith(there) for line in lines)


ROOM_OF_500 = "talk rooms=1 members=500 senders=1"
WORKLOADS = {
    "W1a": Workload(
        "a room of 500, one speaks, each message waits for the last", "deliveries/s", f"{ROOM_OF_500} window=1", load
    ),
    "W1b": Workload(
        "a room of 500, one speaks, 32 messages under way", "deliveries/s", f"{ROOM_OF_500} window=32", load
    ),
    "W2": Workload("50 rooms of 20, all speak", "deliveries/s", "talk rooms=50 members=20 senders=20 window=1", load),
    "W3": Workload("100 members ask ping", "answers/s", "ping rooms=1 members=100", load),
    "W4": Workload(
        "1000 connect, auth and join at once", "connections/s", "storm rooms=50 members=20 inflight=1000", load
    ),
    "W4b": Workload(
        "1000 connect, auth and join, 64 at a time", "connections/s", "storm rooms=50 members=20 inflight=64", load
    ),
    "W5": Workload("2000 idle members", "KB each", "hold rooms=100 members=20", memory, False),
    "W6": Workload(
        "a room of 200 at 200 messages of 1.1 KB/s, one stops reading",
        "s until it is gone",
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
    """One measurement on a fresh server; `value` is the figure that is compared."""
    with running(server) as address:
        figures = workload.measure(address, workload.options, seconds)
    return {"value": figures["per_s"], **figures} if "value" not in figures else figures
