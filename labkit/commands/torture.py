"""`labkit torture`: kill servers and tear lines under load, then count what was lost. It should be nothing."""

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
from labkit.commands.signals import interrupting
from labkit.platform.os_errors import describe
from labkit.wire.output import never_waiting

EXAMPLES = """\b
Examples:
  labkit torture                                   # 30 s, 5 kills, one server
  labkit torture --seconds 600 --kills 100 --json
  labkit torture --servers 3 --kills 6             # three servers and a broker, which is killed as well
  labkit torture --seed 7 --keep evidence          # the same plan again; the audit files stay
"""


@click.command(epilog=EXAMPLES)
@click.option("--seconds", type=float, default=30, show_default=True, help="For how long.")
@click.option("--kills", type=int, default=5, show_default=True, help="How many kill -9.")
@click.option("--servers", type=int, default=1, show_default=True, help="More than one share a NATS broker.")
@click.option("--clients", type=int, default=12, show_default=True, help="How many, each in two rooms.")
@click.option("--rooms", type=int, default=4, show_default=True, help="How many rooms.")
@click.option("--rate", type=float, default=200, show_default=True, help="Messages a second, all clients together.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed does the same, at the same times.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="A folder for the audit files.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON.")
def torture(keep: Path | None, as_json: bool, **options: Any) -> None:
    """Let clients talk while servers are killed with -9 and lines are stalled, torn and parted; then check everything.

    Every acked event must be in the audit; nothing lost, doubled, moved, or heard where it should not be. Exit code 0
    when that holds, 1 when it does not. Ctrl-C ends it early and checks what there is.
    """
    try:
        plan = TorturePlan(**options)
    except ValueError as error:
        raise CannotRun(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="labkit-torture-") as temporary:
        folder = keep or Path(temporary)
        if keep is not None and keep.exists() and any(keep.iterdir()):
            raise CannotRun(f"{keep} is not empty; name a new folder, or the past would be tortured too")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with interrupting(), never_waiting():
                verdict = asyncio.run(_run(plan, folder))
        except (ServerDied, NoNats) as error:
            raise CannotRun(str(error)) from None
        except OSError as error:
            raise CannotRun(f"cannot run the servers: {describe(error)}") from None
        except KeyboardInterrupt:
            raise CannotRun("it was told to end before anything was checked") from None
    _tell(verdict, as_json)
    raise click.exceptions.Exit(0 if verdict.holds else 1)


async def _run(plan: TorturePlan, folder: Path) -> TortureResult:
    with click.progressbar(length=round(plan.seconds), label="0 acked", file=sys.stderr) as bar:

        def on_second(made: Torture) -> None:
            bar.label = f"{made.acked} acked, {made.target.kills} kills"
            bar.update(1)

        made, loop = Torture(plan, folder, on_second), asyncio.get_running_loop()

        def stop() -> None:
            made.stop()
            loop.remove_signal_handler(signal.SIGINT)

        loop.add_signal_handler(signal.SIGINT, stop)
        return await made.run()


def _tell(verdict: TortureResult, as_json: bool) -> None:
    for violation in verdict.violations:
        click.echo(violation, err=True)
    if verdict.acked == 0:
        click.echo("nothing was acked, so nothing was shown", err=True)
    figures = verdict.json()
    click.echo(
        json.dumps(figures) if as_json else "\n".join(f"{name:<14}{value:>10}" for name, value in figures.items())
    )
