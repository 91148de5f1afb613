"""Many students in a process of their own, for whoever looks at the board: they join, and keep telling.

    python -m tests.classroom.pupils URL SLIPS RATE        RATE events a second in all; ends when stdin closes

Prints `in` when all are in. The same students do the same each time.
"""

import asyncio
import random
import re
import sys
import threading
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from labkit.bench.ask import ticket
from labkit.course.exercises import exercises
from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom


class Pupil:
    """One student who works through the course, with some fails."""

    def __init__(self, room: ClientRoom, rng: random.Random) -> None:
        self._room, self._rng, self._n = room, rng, 0
        self._exercises = list(exercises().values())
        self._at = 0
        self._status = "started"

    async def go_on(self) -> None:
        """Send the next record."""
        self._n += 1
        exercise = self._exercises[self._at % len(self._exercises)]
        check = self._rng.choice(exercise.checks[:4]).id if self._status == "fail" else None
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = {"exercise": exercise.id, "status": self._status, "check": check, "at": now, "n": self._n}
        await self._room.publish("exercise", requestId=f"pupil-{self._n}", **fields)
        self._at += self._status == "pass"
        again = self._rng.choices(["fail", "pass", "help", "inconclusive"], [10, 6, 1, 1])[0]
        self._status = "started" if self._status == "pass" else again


async def main(url: str, slips: Path, rate: float) -> None:
    """Run until stdin closes."""
    codes = re.findall(r"name='(.*?)', code='(.*?)'", slips.read_text())
    done = asyncio.Event()
    threading.Thread(target=_wait, args=(asyncio.get_running_loop(), done), daemon=True).start()
    rng = random.Random(1)
    async with AsyncExitStack() as stack:

        async def enter(name: str, code: str) -> Pupil:
            client = Client(url, partial(asyncio.to_thread, ticket, url, name, code), open_timeout_s=60)
            await stack.enter_async_context(client)
            return Pupil(await client.join("class:big"), random.Random(name))

        pupils = [await enter(name, code) for name, code in codes]
        for pupil in pupils:
            for _ in range(rng.randrange(5)):
                await pupil.go_on()
        print("in", flush=True)
        while not done.is_set():
            if rate:
                asyncio.get_running_loop().create_task(rng.choice(pupils).go_on())
            await asyncio.sleep(rng.expovariate(rate) if rate else 0.1)


def _wait(loop: asyncio.AbstractEventLoop, done: asyncio.Event) -> None:
    sys.stdin.read()
    loop.call_soon_threadsafe(done.set)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
