"""`labkit progress ROOM JOB -- COMMAND`: run a command and publish its phase and percent in a room."""

import click

from labkit.commands.failing import CannotRun
from labkit.commands.job import Job, Reporter, run_job
from labkit.commands.member import member_options
from labkit.platform.children import end_as
from labkit.rules.fields import is_room_id

MAX_JOB = 64
EXAMPLES = """\b
Examples:
  labkit progress room:demo tests -- python -m pytest --version
  labkit progress room:demo build --wait 2 -- echo "[100%] built"
"""


@click.command(epilog=EXAMPLES)
@member_options
@click.argument("job_id", metavar="JOB")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--wait", type=click.FloatRange(0), default=10.0, show_default=True, help="Seconds for the last update.")
def progress(room_id: str, url: str, token: str, job_id: str, command: tuple[str, ...], wait: float) -> None:
    """Run COMMAND, and publish its phase and percent in ROOM as JOB. Reads what pytest, make, cmake and tqdm print.

    The exit code is the command's own, and a signal that ends it ends this one. 2: the command could not be started.
    """
    if not is_room_id(room_id):
        raise CannotRun(f"{room_id!r} is not a room id; use 1 to 64 characters from a-z A-Z 0-9 : _ -")
    if not 1 <= len(job_id) <= MAX_JOB or not job_id.isprintable():
        raise CannotRun(f"{job_id!r} is not a job id; use 1 to {MAX_JOB} printable characters")
    try:
        code = run_job(Job(command), Reporter(url, token, room_id, job_id), wait)
    except (OSError, ValueError) as error:
        raise CannotRun(f"{command[0]!r} was not started: {error}") from None
    end_as(code)
