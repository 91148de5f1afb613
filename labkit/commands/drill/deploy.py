"""`labkit drill deploy`: deploy a faulty version 2, and judge whether the operator rolls it back in time."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import Any

import click

from labkit.bench.deploy.dashboard import Look
from labkit.bench.deploy.plan import DeployPlan
from labkit.bench.deploy.run import Drill, DrillResult, Operator
from labkit.bench.launch.server_process import ServerDied
from labkit.commands.failing import CannotRun
from labkit.platform import shell
from labkit.platform.os_errors import describe
from labkit.platform.signals import interrupting
from labkit.wire.output import never_waiting

EXAMPLES = """\b
Examples:
  labkit drill deploy                               # watch, and press Enter to roll back
  labkit drill deploy --seed 7                      # another fault
  labkit drill deploy --decide-after 5 --json
  labkit drill deploy --operator ./watch.sh         # rolls back when your program ends with 0
"""
ADDRESS = "LABKIT_METRICS"


@click.command(epilog=EXAMPLES)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plants the same fault.")
@click.option("--events", type=int, default=10_000, show_default=True, help="Number of events to send and have acked.")
@click.option("--rate", type=float, default=400, show_default=True, help="Messages per second, across all clients.")
@click.option("--clients", type=int, default=12, show_default=True, help="Number of clients; each joins two rooms.")
@click.option("--decide-s", type=float, default=20, show_default=True, help="Seconds that the operator has to decide.")
@click.option("--decide-after", type=float, metavar="SECONDS", help="Roll back automatically after this long.")
@click.option(
    "--operator", metavar="COMMAND", help="Roll back when COMMAND ends with 0; any other code keeps version 2."
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def deploy(decide_after: float | None, operator: str | None, as_json: bool, **options: Any) -> None:
    """Deploy version 2 under load, with a fault that you do not know, and roll it back.

    Version 1 drains, and version 2 starts on its audit file. Prints connections, acked events, closes, refusals and
    errors each second. Exit 0: rolled back in time, no acked event lost or duplicated, every client connected. 1:
    anything else; doing nothing fails. An operator's COMMAND finds the metrics at $LABKIT_METRICS.
    """
    if decide_after is not None and operator is not None:
        raise click.UsageError("--decide-after and --operator both decide; omit one")
    try:
        plan = DeployPlan(**options)
    except ValueError as error:
        raise CannotRun(str(error)) from None
    deciding = _operator(decide_after, operator)
    with tempfile.TemporaryDirectory(prefix="labkit-drill-") as folder:
        try:
            with interrupting(), never_waiting():
                result = asyncio.run(Drill(plan, Path(folder), deciding, _show).run())
        except ServerDied as error:
            raise CannotRun(str(error)) from None
        except OSError as error:
            raise CannotRun(f"cannot run the drill: {describe(error)}") from None
        except KeyboardInterrupt:
            raise CannotRun("interrupted before anything was verified") from None
    _print(result, as_json)
    raise click.exceptions.Exit(0 if result.holds else 1)


def _operator(decide_after: float | None, command: str | None) -> Operator:
    if decide_after is not None:
        return partial(_after, decide_after)
    if command is None:
        return _person
    try:
        words = shell.split(command)
    except ValueError as error:
        raise CannotRun(f"--operator {command!r} is not a command line: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise CannotRun(f"--operator {command!r} cannot be run; name a program on the PATH, or its path")
    return partial(_program, words)


async def _after(seconds: float, _: str) -> bool:
    await asyncio.sleep(seconds)
    return True


async def _person(_: str) -> bool:
    """Wait for Enter. The end of stdin is not a decision."""
    click.echo("version 2 is live; press Enter to roll back", err=True)
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    lines: list[str] = []

    def read() -> None:
        lines.append(sys.stdin.readline())
        with contextlib.suppress(RuntimeError):  # the drill has ended
            loop.call_soon_threadsafe(pressed.set)

    threading.Thread(target=read, daemon=True).start()  # a read from a terminal cannot be cancelled
    await pressed.wait()
    return bool(lines[0])


async def _program(words: list[str], url: str) -> bool:
    """Run the operator's command, and stop it when the drill ends."""
    address = f"http{url.removeprefix('ws')}/metrics"
    process = await asyncio.create_subprocess_exec(*words, env={**os.environ, ADDRESS: address})
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _show(seen: Look) -> None:
    click.echo(str(seen), err=True)


def _print(result: DrillResult, as_json: bool) -> None:
    figures = result.json()
    lines = (f"{name:<16}{value if value is not None else 'never':>16}" for name, value in figures.items())
    click.echo(json.dumps(figures) if as_json else "\n".join(lines))
    click.echo(f"version 2 had {result.fault.name}: {result.fault.harm}", err=True)
    for fault in result.faults:
        click.echo(fault, err=True)
