"""`labkit class drill`: restart a class's server on purpose, and see when everybody is back."""

import os
import signal
import time
from pathlib import Path

import click

from labkit.classroom.drill import DrillResult, read_drill
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.commands.storm import check_drawing, draw
from labkit.wire.audit.opening import holder
from labkit.wire.audit.writer import AuditError

LOOK_S = 0.5
QUIET_S = 3.0
EXAMPLES = """\b
Examples:
  labkit class drill physics                  # every client is told when to come back
  labkit class drill physics --crash          # as if the server had crashed: nobody is told anything
  labkit class drill physics --plot drill.png
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option("--crash", is_flag=True, help="Drop everybody without a word, as a crash does.")
@click.option("--seconds", type=float, default=60, show_default=True, help="Wait at most so long.")
@click.option("--plot", type=OutputFile(suffix=".png"), help="A picture, as PNG.")
def drill(class_id: str, file: Path | None, crash: bool, seconds: float, plot: Path | None) -> None:
    """Restart the server of a CLASS that runs on this machine. Nothing is lost; every client comes back by itself.

    Beside the class that was measured stands the same class without jitter, reckoned on the virtual clock.
    Exit 0: everybody is back. 1: somebody is missing.
    """
    if not 1 <= seconds <= 86_400:  # nan is in no range, and click's own lets it in
        raise CannotRun("--seconds is from 1 to 86400, a day")
    path = existing_file(class_id, file)
    pid = holder(path)
    if pid is None:
        raise CannotRun(f"no server has {path} open on this machine; `labkit class start {class_id}` starts one")
    if plot is not None and plot.suffix != ".png":
        raise CannotRun(f"{plot.name}: pictures are PNG; give a name that ends in .png")
    if plot is not None:
        check_drawing()
    try:
        before = read_drill(path)
        os.kill(pid, signal.SIGUSR2 if crash else signal.SIGUSR1)
        result = _wait(path, before, seconds)
    except (OSError, AuditError) as error:
        raise CannotRun(str(error)) from None
    _tell(result, plot)
    raise click.exceptions.Exit(1 if result.missing else 0)


def _wait(path: Path, before: DrillResult | None, seconds: float) -> DrillResult:
    """Until all are back, or the time is up."""
    result, began = None, time.monotonic()
    while time.monotonic() < began + seconds:
        time.sleep(LOOK_S)
        result = read_drill(path)
        is_ours = result is not None and (before is None or result.drill.at != before.drill.at)
        if not is_ours and time.monotonic() > began + QUIET_S:
            raise CannotRun("the server did not begin the drill; look into its log")
        if is_ours and result is not None and result.drill.down_s and not result.missing:
            break
    assert result is not None
    return result


def _tell(result: DrillResult, plot: Path | None) -> None:
    students, back = len(result.drill.users), len(result.back)
    click.echo(f"{back} of {students} back; the server was away for {result.drill.down_s:.2f} s")
    if result.missing:
        click.echo(f"not back: {', '.join(result.missing)}")
    if not students:
        click.echo("nobody was there; a drill needs a class")
        return
    click.echo(result.storms().table())
    if plot is not None:
        draw(result.storms(), plot)
