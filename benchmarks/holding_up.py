"""The longest that a room of 5,000 holds everybody else up: `python -m benchmarks.holding_up`."""

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
@click.option("--members", default=5_000, show_default=True, help="In the room; one of them speaks.")
@click.option("--rate", default=20, show_default=True, help="Messages a second.")
@click.option("--seconds", default=4.0, show_default=True, help="Of load.")
@click.option("--rounds", default=5, show_default=True, help="Rounds, each on a fresh server.")
def main(members: int, rate: int, seconds: float, rounds: int) -> None:
    """Print the longest callback of our server's event loop, audit on, round by round."""
    for _ in range(rounds):
        click.echo(json.dumps(held_up(members, rate, seconds)))


def held_up(members: int, rate: int, seconds: float) -> dict[str, float]:
    """The longest callbacks in milliseconds, while one speaks to all."""
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
        generator.stdout.readline()  # everybody is in
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
