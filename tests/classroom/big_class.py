"""A class over real sockets: students at their laptops, Wi-Fi that comes and goes, and a server that is killed.

    python -m tests.classroom.big_class SEED [STUDENTS] [SECONDS]       a line of JSON

Each student has a progress file and a sender of its own, as in a notebook. Ten students share an access point: a proxy
whose weather is drawn from the seed. Everything is ten times as fast as in a class room: SECONDS 120 are 20 minutes.
"""

import asyncio
import json
import random
import re
import signal
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from time import time
from typing import Any

from labkit.classroom.board import Board
from labkit.classroom.membership import Membership
from labkit.classroom.record import ClassRecord
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.sending import Sender
from labkit.classroom.watching import Watcher
from labkit.course.progress import Progress
from labkit.faults import Blackhole, Fault, Jitter, Latency, Proxy, Reset, Stall, Throttle
from labkit.wire.audit.reading import reading, rows
from labkit.wire.client.client import Client

EXERCISES = [f"{number:02}-exercise" for number in range(1, 11)]
CHECKS = ["auth-first", "room-leak", "no-jitter", "seq-gap"]
PER_ACCESS_POINT = 10
WEATHER: list[list[Fault]] = [
    [Latency(seconds=0.05)],
    [Jitter(seconds=0.2)],
    [Throttle(bytes_per_s=4000)],
    [Stall()],
    [Blackhole()],
    [Reset()],
]
SPEED = ["ping_interval_s=3", "ping_timeout_s=1", "outbox_age_s=2", "close_deadline_s=0.3"]
CONVERGES_S = 240.0  # of a busy machine: a backoff may be 30 s long, several times


class TheServer:
    """`labkit class start` as a process that is killed without warning and restarted."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder, self.kills, self.port = folder, 0, 0
        (folder / "roster.csv").write_text("name\n" + "\n".join(names) + "\n")

    async def start(self) -> None:
        options = [part for line in SPEED for part in ("--set", line)]
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "labkit", "class", "start", "big", "--port", str(self.port), "--with-parent"),
            *("--quiet", "--file", str(self.folder / "big.db"), "--roster", str(self.folder / "roster.csv")),
            *("--hand-out", str(self.folder / "slips.txt"), *options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=(self.folder / "server.log").open("a"),
        )
        assert self.process.stdout is not None
        while True:
            line = (await self.process.stdout.readline()).decode()
            assert line, (self.folder / "server.log").read_text()[-2000:]
            if found := re.search(r"listening on ws://.*:(\d+)", line):
                self.port = int(found[1])
                return

    async def kill(self) -> None:
        """SIGKILL, and restart at once."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        self.kills += 1
        await self.start()

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.terminate()
        await self.process.wait()

    def codes(self) -> dict[str, str]:
        """The codes from the slips, by name."""
        slips = (self.folder / "slips.txt").read_text()
        found = dict(re.findall(r"name='(.*?)', code='(.*?)'", slips))
        instructor = re.search(r"code  (\S+)", slips)
        assert instructor is not None
        return found | {INSTRUCTOR: instructor[1]}


async def study(progress: Progress, rng: random.Random, seconds: float) -> None:
    """One student: starts, fails, asks, passes, about every four seconds."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    await asyncio.sleep(rng.uniform(0, seconds / 20))
    exercises = iter(EXERCISES)
    exercise, is_new = next(exercises), True
    while loop.time() < ends:
        status = "started" if is_new else rng.choices(["fail", "pass", "inconclusive", "help"], [6, 3, 1, 1])[0]
        check = rng.choice(CHECKS) if status == "fail" else None
        await asyncio.to_thread(progress.add, exercise, status, check)  # type: ignore[arg-type]
        is_new = status == "pass"
        exercise = next(exercises, EXERCISES[-1]) if is_new else exercise
        await asyncio.sleep(rng.uniform(0.03, 0.07) * min(seconds, 80))


async def weather(proxy: Proxy, rng: random.Random) -> None:
    """The Wi-Fi of a classroom during a day."""
    while True:
        await asyncio.sleep(rng.uniform(0.5, 4))
        faults = rng.choice(WEATHER)
        direction = rng.choice(["up", "down"])
        proxy.set(**{direction: faults})
        await asyncio.sleep(rng.uniform(0.2, 3))
        if isinstance(faults[0], Blackhole):  # TCP never goes on behind bytes that are lost: such a connection ends
            proxy.set(up=[Reset()], down=[Reset()])
            await asyncio.sleep(0.05)
        proxy.heal()


async def run(seed: int, students: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Run one class and return its results."""
    rng = random.Random(seed)
    names = [f"student-{number:03}" for number in range(students)]
    server = TheServer(folder, names)
    await server.start()
    codes, loop = server.codes(), asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(64))  # each student is a machine of its own, with threads of its own
    address = f"ws://127.0.0.1:{server.port}"
    async with AsyncExitStack() as stack:
        count = -(-students // PER_ACCESS_POINT) + 1
        proxies = [await stack.enter_async_context(Proxy(address, seed=seed * 1000 + n)) for n in range(count)]
        quick: dict[str, Any] = {"give_up_s": 3.0}
        senders = [
            Sender(
                Membership(proxies[at // PER_ACCESS_POINT].url, name, codes[name], "big"),
                Progress(folder / name / "progress.jsonl"),
                **quick,
            )
            for at, name in enumerate(names)
        ]
        watcher = Watcher(proxies[-1].url, codes[INSTRUCTOR], open_timeout_s=1e8, **quick)
        running = [asyncio.create_task(sender.run()) for sender in senders]
        running.append(asyncio.create_task(watcher.run()))
        storms = [asyncio.create_task(weather(proxy, random.Random(rng.random()))) for proxy in proxies]
        work = [study(sender.progress, random.Random(rng.random()), seconds) for sender in senders]
        working = asyncio.gather(*work)
        for part in (rng.uniform(0.2, 0.4), rng.uniform(0.6, 0.8)):
            await asyncio.sleep(max(0, part * seconds - server.kills * 0.4 * seconds))
            await server.kill()
        await working
        for storm in storms:
            storm.cancel()
        for proxy in proxies:
            proxy.set(up=[Reset()], down=[Reset()])
        await asyncio.sleep(0.1)
        for proxy in proxies:
            proxy.heal()
        began = loop.time()
        while loop.time() < began + CONVERGES_S and any(sender.waiting for sender in senders):
            await asyncio.sleep(0.2)
        converged = loop.time() - began
        late = {sender.membership.name: how(sender) for sender in senders if sender.waiting}
        # Nobody waits for the instructor to come back: of all clients this one hears most, and is dropped most often.
        expected = {sender.membership.name: local(sender.progress) for sender in senders}
        while loop.time() < began + CONVERGES_S and not running[-1].done() and differing(watcher.board, expected):
            await asyncio.sleep(0.2)
        seen, watched = loop.time() - began, what(watcher.client)
        dead = [repr(task.exception()) for task in running if task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    await server.stop()
    return judged(seed, senders, watcher, folder) | {
        "kills": server.kills,
        "late": late,
        "converged_s": round(converged, 1),
        "board_converged_s": round(seen, 1),
        "watcher": watched,
        "dead": dead,
        "connections": sum(1 for kind in kinds(folder) if kind == "auth"),
    }


def how(sender: Sender) -> str:
    """The state of a sender that has not sent everything."""
    return f"{sender.waiting} wait, {what(sender.client)}"


def what(client: Client | None) -> str:
    """The last thing that a client did."""
    if client is None:
        return "has no client"
    latest = [f"{record.at:.1f} {record.kind} {record.detail}" for record in client.log][-8:]
    return f"{client.state.value}, now {time():.1f}: {latest}"


def kinds(folder: Path) -> list[str]:
    with reading(folder / "big.db") as file:
        return [entry.kind for _, entry, _ in rows(file)]


def judged(seed: int, senders: list[Sender], watcher: Watcher, folder: Path) -> dict[str, Any]:
    """Compare the class file and the instructor's live board with each student's own file."""
    record = ClassRecord(folder / "big.db", "big")
    record.catch_up()
    expected = {sender.membership.name: local(sender.progress) for sender in senders}
    with reading(folder / "big.db") as file:
        events = [entry for _, entry, _ in rows(file, room="class:big") if entry.kind == "event"]
    sent = Counter((entry.user, json.loads(entry.body or "")["n"]) for entry in events)
    return {
        "seed": seed,
        "students": len(senders),
        "records": sum(len(sender.progress.records()) for sender in senders),
        "stored": len(events),
        "repeated": sum(many - 1 for many in sent.values()),
        "wrong_in_the_file": differing(record.board, expected),
        "wrong_on_the_live_board": differing(watcher.board, expected),
    }


def local(progress: Progress) -> dict[str, Any]:
    """The state in a student's own file, by exercise."""
    found: dict[str, Any] = {}
    for record in progress.records():
        cell = found.setdefault(record["exercise"], {"tries": 0, "fails": 0})
        status = record["status"]
        cell["tries"] += status in ("fail", "pass", "inconclusive")
        cell["fails"] = 0 if status == "pass" else cell["fails"] + (status == "fail")
        cell["status"] = status
        cell["check"] = cell.get("check") if status == "help" else record["check"]
    return found


def differing(board: Board, expected: dict[str, Any]) -> dict[str, str]:
    """The students whose row differs from the expected one, with the first difference."""
    found = shown(board)
    wrong = {name for name, cell in expected.items() if found.get(name, {}) != cell}
    return {name: first_difference(found.get(name, {}), expected[name]) for name in sorted(wrong)}


def first_difference(found: dict[str, Any], expected: dict[str, Any]) -> str:
    one = min(one for one in found.keys() | expected.keys() if found.get(one) != expected.get(one))
    return f"{one}: {found.get(one)}, not {expected.get(one)}"


def shown(board: Board) -> dict[str, Any]:
    """The state that a board shows, in the same form."""
    return {
        name: {
            exercise: {"tries": cell.tries, "fails": cell.fails, "status": cell.status, "check": cell.check}
            for exercise, cell in row.cells.items()
        }
        for name, row in board.students.items()
    }


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(asyncio.run(run(given[0], *(given[1:] or [200, 120]), Path(place)))))
