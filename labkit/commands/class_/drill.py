"""`labkit class drill`: restart the class server on purpose and measure how quickly everyone is back."""

import time
from pathlib import Path

import click

from labkit.classroom.drill import DrillResult, read_drill
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.commands.storm import check_drawing, draw
from labkit.platform.nudges import FIRST, SECOND, nudge
from labkit.wire.audit.opening import holder
from labkit.wire.audit.writer import AuditError

LOOK_S = 0.5
QUIET_S = 3.0
EXAMPLES = """\b
Examples:
  labkit class drill physics                  # the server tells each client when to reconnect
  labkit class drill physics --crash          # connections drop with no close frame, as in a crash
  labkit class drill physics --plot drill.png
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option("--crash", is_flag=True, help="Drop every connection with no close frame, as in a crash.")
@click.option("--seconds", type=float, default=60, show_default=True, help="How long to wait for everyone to return.")
@click.option("--plot", type=OutputFile(suffix=".png"), help="Save a plot of the reconnections as this PNG file.")
def drill(class_id: str, file: Path | None, crash: bool, seconds: float, plot: Path | None) -> None:
    """Restart the server of a CLASS that runs on this machine. No data is lost, and every client reconnects by itself.

    The report compares the measured class with a simulation of the same class without jitter.
    Exit 0: everyone is back. 1: someone is missing.
    """
    if not 1 <= seconds <= 86_400:  # click's own range accepts nan
        raise CannotRun(f"--seconds is {seconds:g}; give a number from 1 to 86400 (one day)")
    path = existing_file(class_id, file)
    pid = holder(path)
    if pid is None:
        raise CannotRun(f"no server on this machine has {path} open; `labkit class start {class_id}` starts one")
    if plot is not None:
        check_drawing()
    try:
        before = read_drill(path)
        nudge(pid, SECOND if crash else FIRST)
        result = _wait(path, before, seconds)
    except (OSError, AuditError) as error:
        raise CannotRun(str(error)) from None
    _print_result(result, plot)
    raise click.exceptions.Exit(1 if result.missing else 0)


def _wait(path: Path, before: DrillResult | None, seconds: float) -> DrillResult:
    """Wait until everyone is back, for at most `seconds`."""
    result, began = None, time.monotonic()
    while time.monotonic() < began + seconds:
        time.sleep(LOOK_S)
        result = read_drill(path)
        is_ours = result is not None and (before is None or result.drill.at != before.drill.at)
        if not is_ours and time.monotonic() > began + QUIET_S:
            raise CannotRun("the server did not start the drill; its log says why")
        if is_ours and result is not None and result.drill.down_s and not result.missing:
            break
    assert result is not None
    return result


def _print_result(result: DrillResult, plot: Path | None) -> None:
    students, back = len(result.drill.users), len(result.back)
    click.echo(f"{back} of {students} back; the server was down for {result.drill.down_s:.2f} s")
    if result.missing:
        click.echo(f"not back: {', '.join(result.missing)}")
    if not students and plot is not None:
        raise CannotRun(f"no student was connected, so there is nothing to draw; {plot} was not written")
    if not students:
        click.echo("no student was connected, so there is nothing to measure")
        return
    click.echo(result.storms().table())
    if plot is not None:
        draw(result.storms(), plot)
