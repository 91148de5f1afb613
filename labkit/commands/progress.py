"""`labkit progress ROOM JOB -- COMMAND`: run a command and publish its phase and percent in a room."""

import sys

import click

from labkit.commands.failing import CannotRun
from labkit.commands.job import Job
from labkit.commands.member import member_options
from labkit.commands.reporter import Reporter
from labkit.platform.exits import leave
from labkit.platform.os_errors import why
from labkit.rules.fields import is_room_id, utf16_units
from labkit.rules.limits import MAX_NAME_UNITS
from labkit.wire.client.client import Client
from labkit.wire.output import never_waiting

FOREVER_S = 10 * 365 * 86400.0
SIGNALLED = 128  # shells give a command that signal n ended the exit code 128 + n
EXAMPLES = """\b
Examples:
  labkit progress room:demo tests -- python -m pytest --version
  labkit progress room:demo build --wait 2 -- echo "[100%] built"
"""


@click.command(epilog=EXAMPLES)
@member_options
@click.argument("job_id", metavar="JOB")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--wait", type=click.FloatRange(0), default=10.0, show_default=True, help="Seconds to wait for the last update."
)
def progress(room_id: str, url: str, token: str, job_id: str, command: tuple[str, ...], wait: float) -> None:
    """Run COMMAND, and publish its phase and percent in ROOM as JOB. Reads what pytest, make, cmake and tqdm print.

    COMMAND keeps its standard input. Its output passes through pipes, so it sees no terminal: many tools then print
    no colours, and Python holds output back (PYTHONUNBUFFERED=1 prevents that). Signals are passed on. Output that a
    background process writes after COMMAND has ended is not.

    The exit code is COMMAND's own, or 128 + n if signal n ended it; a server that is down or refuses changes nothing.
    2: COMMAND could not be started.
    """
    if not is_room_id(room_id):
        raise CannotRun(f"{room_id!r} is not a room id; use 1 to 64 characters from a-z A-Z 0-9 : _ -")
    if not 1 <= utf16_units(job_id) <= MAX_NAME_UNITS or not job_id.isprintable():
        raise CannotRun(f"{job_id!r} is not a job id; use 1 to {MAX_NAME_UNITS} printable characters")
    job = Job(command)
    try:
        client = Client(url, token, open_timeout_s=FOREVER_S)
    except ValueError as error:
        raise CannotRun(str(error)) from None
    leave(_run(job, Reporter(job, client, room_id, job_id), wait))


def _run(job: Job, reporter: Reporter, wait_s: float) -> int:
    """Run the job beside its reporter, and return the exit code. Raises CannotRun if it cannot start."""
    try:
        job.start(sys.stdout, sys.stderr)
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else str(error)
        raise CannotRun(f"{job.command[0]!r} was not started: {reason}") from None
    reporter.start()
    code = job.wait()
    reporter.finish(code)
    job.wait_for([reporter], wait_s)
    _tell(job, reporter, wait_s)
    return code if code >= 0 else SIGNALLED - code


def _tell(job: Job, reporter: Reporter, wait_s: float) -> None:
    """Report lost output and updates that did not reach the room."""
    faults = [f"the command's output is incomplete: {pump.fault}" for pump in job.pumps if pump.fault]
    if not reporter.has_finished:
        reason = reporter.fault or f"no answer from the server within {wait_s:g} s"
        faults.append(f"the job's last state did not reach the room: {reason}")
    with never_waiting():
        for fault in faults:
            click.echo(f"labkit progress: {fault}", err=True)
