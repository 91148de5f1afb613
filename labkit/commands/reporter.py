"""The member that publishes a job's steps in a room.

It has its own thread, so that its faults cannot affect the job.
"""

import asyncio
import threading
from time import monotonic

from labkit.commands.job import Job
from labkit.text.job_output import Step
from labkit.wire.client.client import Client, Refused
from labkit.wire.client.room import ClientRoom

GLANCE_S = 0.1
PAUSE_S = 0.5  # between two updates: the latest wins
RETRY_S = 2.0


class Reporter(threading.Thread):
    """Publishes a job's newest step at most twice per second, and finally how the job ended.

    It continues after a refused update, because the next one may be allowed. `fault`: why the latest did not arrive.
    """

    def __init__(self, job: Job, client: Client, room_id: str, job_id: str) -> None:
        super().__init__(daemon=True)
        self.fault: str | None = None
        self.has_finished = False
        self._client = client
        self._job, self._room_id, self._job_id = job, room_id, job_id
        self._ending: tuple[str, int, str] | None = None

    def finish(self, code: int) -> None:
        """Publish how the command ended, and then stop."""
        self._ending = _ending(self._job.step, code)

    def run(self) -> None:
        """Publish updates until the last one is stored or cannot be sent."""
        try:
            asyncio.run(self._report())
        except Exception as error:
            self.fault = str(error) or type(error).__name__

    async def _report(self) -> None:
        async with self._client as client:
            while not self.has_finished:
                try:
                    await self._publish(await client.join(self._room_id))
                except (Refused, ValueError) as error:
                    if self._ending is not None:
                        raise
                    self.fault = str(error)
                    await self._pause(RETRY_S)

    async def _publish(self, room: ClientRoom) -> None:
        published = None
        while self._ending is None:
            if self._job.step != published:
                published = self._job.step
                await room.progress(self._job_id, *published)
                self.fault = None
            await self._pause(PAUSE_S)
        await room.progress(self._job_id, *self._ending)
        self.has_finished = True

    async def _pause(self, longest_s: float) -> None:
        until = monotonic() + longest_s
        while self._ending is None and monotonic() < until:
            await asyncio.sleep(GLANCE_S)


def _ending(step: Step, code: int) -> tuple[str, int, str]:
    if code == 0:
        return "done", 100, "exit code 0"
    return "failed", step.percent, f"exit code {code}" if code > 0 else f"ended by signal {-code}"
