"""`labkit torture`: kill servers and break connections under load, then verify that nothing is lost."""

import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from labkit.bench.launch.nats_process import NoNats
from labkit.bench.launch.server_process import ServerDied
from labkit.bench.torture.checker import TortureResult
from labkit.bench.torture.plan import TorturePlan
from labkit.bench.torture.run import Torture
from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import describe
from labkit.platform.signals import forget, interrupting, on_signal
from labkit.platform.sockets import BALANCES_PORTS
from labkit.wire.output import never_waiting

EXAMPLES = """\b
Examples:
  labkit torture                                   # 30 s, 5 kills, one server
  labkit torture --seconds 600 --kills 100 --json
  labkit torture --servers 3 --kills 6             # three servers and a broker, which is killed too
  labkit torture --seed 7 --keep evidence          # another plan of faults; keep the audit files
"""


@click.command(epilog=EXAMPLES)
@click.option("--seconds", type=float, default=30, show_default=True, help="How long to send messages.")
@click.option("--kills", type=int, default=5, show_default=True, help="Number of times to kill -9 a server.")
@click.option(
    "--servers", type=int, default=1, show_default=True, help="Number of servers; two or more share a NATS broker."
)
@click.option("--clients", type=int, default=12, show_default=True, help="Number of clients; each joins two rooms.")
@click.option("--rooms", type=int, default=4, show_default=True, help="Number of rooms.")
@click.option("--rate", type=float, default=200, show_default=True, help="Messages per second, across all clients.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed repeats the same faults.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep the audit files in this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def torture(keep: Path | None, as_json: bool, **options: Any) -> None:
    """Send messages while servers are killed (kill -9) and connections stall or break; then verify the results.

    Every acked event must be in the audit log, and no event may be lost, duplicated, reordered or delivered to the
    wrong client. Exit 0: all of that holds. 1: it does not. Ctrl-C ends the run early and verifies what happened so
    far.
    """
    try:
        plan = TorturePlan(**options)
    except ValueError as error:
        raise CannotRun(str(error)) from None
    if plan.servers > 1 and not BALANCES_PORTS:
        raise CannotRun(f"--servers {plan.servers} needs Linux, which shares a port among servers; use --servers 1")
    with tempfile.TemporaryDirectory(prefix="labkit-torture-") as temporary:
        folder = keep or Path(temporary)
        if keep is not None and keep.exists() and any(keep.iterdir()):
            raise CannotRun(f"{keep} is not empty, and old audit files would be verified too; name a new folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with interrupting(), never_waiting():
                verdict = asyncio.run(_run(plan, folder))
        except (ServerDied, NoNats) as error:
            raise CannotRun(str(error)) from None
        except OSError as error:
            raise CannotRun(f"cannot run the servers: {describe(error)}") from None
        except KeyboardInterrupt:
            raise CannotRun("interrupted before anything was verified") from None
    _print_verdict(verdict, as_json)
    raise click.exceptions.Exit(0 if verdict.holds else 1)


async def _run(plan: TorturePlan, folder: Path) -> TortureResult:
    with click.progressbar(length=round(plan.seconds), label="0 acked", file=sys.stderr) as bar:

        def on_second(made: Torture) -> None:
            bar.label = f"{made.acked} acked, {made.target.kills} kills"
            bar.update(1)

        made = Torture(plan, folder, on_second)

        def stop() -> None:
            made.stop()
            forget(signal.SIGINT)

        on_signal(signal.SIGINT, stop)
        return await made.run()


def _print_verdict(verdict: TortureResult, as_json: bool) -> None:
    for violation in verdict.violations:
        click.echo(violation, err=True)
    if verdict.acked == 0:
        click.echo("no message was acked, so this run proves nothing", err=True)
    figures = verdict.json()
    click.echo(
        json.dumps(figures) if as_json else "\n".join(f"{name:<14}{value:>10}" for name, value in figures.items())
    )
