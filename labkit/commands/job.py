"""A command with its output passed through, and the reporter that publishes its steps. Neither waits for the other."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress

import click

from labkit.platform.signals import ENDS, on_signal
from labkit.text.job_output import JobOutput, Step
from labkit.wire.client.client import Client, ClientClosed, Refused, Stopped

PAUSE_S = 0.5  # between two updates: the latest wins
CHUNK = 65536
FOREVER_S = 10 * 365 * 86400.0


class Job:
    """A command that runs, and the step that it has reached."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.step = Step("started", 0)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the command. Raises OSError, ValueError."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        assert self.process.stdout is not None and self.process.stderr is not None
        ways = ((self.process.stdout.fileno(), 1), (self.process.stderr.fileno(), 2))
        self._pumps = [threading.Thread(target=self._pump, args=way, daemon=True) for way in ways]
        for pump in self._pumps:
            pump.start()

    def wait(self) -> int:
        """Return the exit code, once all output has passed; a negative one is the signal that ended the command."""
        code = self.process.wait()
        for pump in self._pumps:
            pump.join(1 if code < 0 else None)  # a grandchild may hold the pipe of a killed command
        return code

    def _pump(self, source: int, target: int) -> None:
        """Pass one stream on. When its reader is gone, close the pipe: the command then learns it as it would."""
        output = JobOutput(self.step)
        with suppress(OSError):
            while data := os.read(source, CHUNK):
                _write(target, data)
                self._read(output, data)
            return
        os.close(source)

    def _read(self, output: JobOutput, data: bytes) -> None:
        with self._lock:
            output.step = self.step
            self.step = output.feed(data)


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[os.write(target, data) :]


class Reporter:
    """Publishes a job's newest step in a room, a few times a second at most."""

    def __init__(self, url: str, token: str, room_id: str, job_id: str) -> None:
        self.client = Client(url, token, open_timeout_s=FOREVER_S)
        self.room_id, self.job_id = room_id, job_id

    async def report(self, job: Job, ended: "asyncio.Future[int]") -> None:
        """Publish until the job has ended, and its last step. Raises Refused, Stopped, ClientClosed, ValueError."""
        async with self.client as client:
            room = await client.join(self.room_id)
            published = None
            while not ended.done():
                if job.step != published:
                    published = job.step
                    await room.progress(self.job_id, *published)
                await asyncio.wait([ended], timeout=PAUSE_S)
            await room.progress(self.job_id, *_last(job.step, ended.result()))


def _last(step: Step, code: int) -> tuple[str, float, str]:
    if code == 0:
        return "done", 100, "exit code 0"
    return "failed", step.percent, f"exit code {code}" if code > 0 else f"ended by signal {-code}"


def run_job(job: Job, reporter: Reporter, wait_s: float) -> int:
    """Run the job, report it, and return its exit code. Raises OSError and ValueError if it could not be started."""
    return asyncio.run(_run(job, reporter, wait_s))


async def _run(job: Job, reporter: Reporter, wait_s: float) -> int:
    enough = asyncio.Event()
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    on_signal(signal.SIGINT, lambda: enough.set() if ended.done() else None)  # the terminal sends it to the command too
    job.start()
    for number in ENDS:
        on_signal(number, lambda number=number: _pass_on(job, number, enough))  # type: ignore[misc]
    threading.Thread(target=_watch, args=(job, ended, asyncio.get_running_loop()), daemon=True).start()
    reporting = asyncio.create_task(reporter.report(job, ended))
    code = await ended
    stop = asyncio.create_task(enough.wait())
    await asyncio.wait([reporting, stop], timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    await _conclude(reporting, wait_s)
    return code


def _pass_on(job: Job, number: int, enough: asyncio.Event) -> None:
    if job.process.poll() is None:
        job.process.send_signal(number)
    else:
        enough.set()


def _watch(job: Job, ended: "asyncio.Future[int]", loop: asyncio.AbstractEventLoop) -> None:
    code = job.wait()
    loop.call_soon_threadsafe(ended.set_result, code)


async def _conclude(reporting: "asyncio.Task[None]", wait_s: float) -> None:
    """Say on stderr why the last update did not arrive, if it did not."""
    why = f"no answer from the server within {wait_s:g} s"
    if not reporting.done():
        reporting.cancel()
    try:
        await reporting
        return
    except (ValueError, TimeoutError, Refused, Stopped, ClientClosed) as error:
        why = str(error)
    except asyncio.CancelledError:
        pass
    with suppress(OSError):
        click.echo(f"labkit progress: the job's last state did not reach the room: {why}", err=True)
