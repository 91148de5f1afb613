"""Measure how long a room of 5,000 delays everybody else. Run with `python -m benchmarks.holding_up`."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import click

from benchmarks.servers import SERVER_CORE, TOKEN, Running, alone_on
from benchmarks.workloads import generating


@click.command()
@click.option("--members", default=5_000, show_default=True, help="Members in the room; one of them sends.")
@click.option("--rate", default=20, show_default=True, help="Messages per second.")
@click.option("--seconds", default=4.0, show_default=True, help="Duration of the load.")
@click.option("--rounds", default=5, show_default=True, help="Number of rounds. Each starts a new server.")
def main(members: int, rate: int, seconds: float, rounds: int) -> None:
    """Print the longest event-loop callback in each round, for our server with the audit log on."""
    for _ in range(rounds):
        click.echo(json.dumps(held_up(members, rate, seconds)))


def held_up(members: int, rate: int, seconds: float) -> dict[str, float]:
    """Return the longest callbacks, in milliseconds, while one member sends to all."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.ticks", f"{folder}/audit.db"],
            env=os.environ | {"DEV_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: alone_on(SERVER_CORE),
        )
        assert server.stdout is not None
        address = Running(int(server.stdout.readline()), server.pid)
        options = f"talk rooms=1 members={members} senders=1 rate={rate} warmup=1 seconds={seconds}"
        generator = generating(address, options)
        assert generator.stdout is not None
        generator.stdout.readline()  # all members have joined
        time.sleep(0.5)
        server.send_signal(signal.SIGUSR1)
        generator.wait()
        server.send_signal(signal.SIGTERM)
        worst: dict[str, float] = json.loads(server.stdout.readline()) | json.loads(server.stdout.readline())
        server.kill()
        server.wait()
    return worst


if __name__ == "__main__":
    main()
