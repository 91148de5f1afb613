"""Walk a ladder: review every step, and run the written test of each finding before and after its patch."""

import asyncio
import os
import shutil
import socket
import sys
import sysconfig
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.ladder.rungs import Ladder, Rung
from labkit.platform import shell
from labkit.review.dialect import Dialect
from labkit.review.hosted_server import Hosted
from labkit.review.promise import Profile
from labkit.review.promised_limits import Promised
from labkit.review.report import Report
from labkit.review.server_review import examine, select
from labkit.written_tests import lines
from labkit.written_tests.folder import plans, write

PROFILE: Profile = "article"  # core tolerates an echoed type, and NaN: they break a promise, and no server
AT_ONCE = 3
TOKEN = "token-of-the-ladder"
PLACEHOLDERS = {"TOKEN": TOKEN, "PATIENCE_S": "4"}
LIMITS = {  # a heartbeat would end a client that does not read before a probe of the slow chapter sees it
    "auth_timeout_s": 1.0,
    "ping_interval_s": 300.0,
    "ping_timeout_s": 300.0,
    "outbox_age_s": 3.0,
}
HEARTBEAT = {"ping_interval_s": 2.0, "ping_timeout_s": 2.0}  # where it is what the probes look at
_FROM_ENVIRONMENT = ("auth_timeout_s", "ping_interval_s", "ping_timeout_s")


class CannotWalk(Exception):
    """The servers cannot run here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Climb:
    """What one patch changed. `tests`: the exit codes of the test of each finding, before the patch and after it."""

    rung: Rung
    before: Report
    after: Report
    tests: Mapping[str, tuple[int, int]]

    @property
    def removed(self) -> tuple[str, ...]:
        """The probes that were broken before, and hold now."""
        held = self.after.ids("held")
        return tuple(one for one in self.before.ids("broken") if one in held)

    @property
    def troubles(self) -> list[str]:
        """What differs from: one finding less, nothing else changed, and its tests were red and are green."""
        was = self.before.ids("broken")
        new = [one for one in (*self.after.ids("broken"), *self.after.ids("unknown")) if one not in was]
        found = [] if self.removed == self.rung.findings else [f"it removed {', '.join(self.removed) or 'nothing'}"]
        found += [f"{one} does not hold any more: {self.after[one].actual}" for one in new]
        if len(self.before.causes) - len(self.after.causes) != 1:
            found += [f"{len(self.before.causes)} findings became {len(self.after.causes)}"]
        found += [f"no test of {one} ran" for one in self.rung.findings if one not in self.tests]
        tests = {one: colours(codes) for one, codes in self.tests.items() if codes != (1, 0)}
        return found + [f"the test of {one} is {shown}" for one, shown in tests.items()]


def colours(codes: tuple[int, int]) -> str:
    """Return the results of a test before and after the patch."""
    return " -> ".join("green" if code == 0 else "red" for code in codes)


class Walk:
    """The servers of all steps in one folder, and their reviews; each review runs once."""

    def __init__(self, ladder: Ladder, folder: Path, only: Iterable[str] = ()) -> None:
        self._ladder, self._folder, self._only = ladder, folder, tuple(only)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._reviews: dict[int, asyncio.Task[Report]] = {}

    async def climb(self, rung: Rung) -> Climb:
        """Review before and after the patch, and run the tests. Raises CannotReview and CannotTell."""
        before, after = await asyncio.gather(self.review(rung.number - 1), self.review(rung.number))
        return Climb(rung, before, after, await self._tested(rung, before))

    async def review(self, step: int) -> Report:
        """Return the review of the server after so many patches."""
        if step not in self._reviews:
            self._reviews[step] = asyncio.create_task(self._review(step))
        return await self._reviews[step]

    async def _review(self, step: int) -> Report:
        probes = select(PROFILE, self._only)
        beats = [one.id for one in probes if one.chapter == "heartbeat"]
        others = [one.id for one in probes if one.id not in beats]
        parts = [self._part(step, beats, LIMITS | HEARTBEAT)] if beats else []
        parts += [self._part(step, others, LIMITS)] if others else []
        reports = await asyncio.gather(*parts)
        found = {one.id: one for report in reports for one in report}
        findings = tuple(found[one.id] for one in probes)
        return Report(reports[0].target, PROFILE, findings, sum(one.seconds for one in reports))

    async def _part(self, step: int, only: list[str], limits: Mapping[str, float]) -> Report:
        async with self._turns:
            port = _free_port()
            return await examine(
                f"ws://localhost:{port}",
                start=self._command(step),
                environment=_environment(port, limits),
                profile=PROFILE,
                tokens=[TOKEN],
                only=only,
                promised=limits,
            )

    async def _tested(self, rung: Rung, before: Report) -> dict[str, tuple[int, int]]:
        """Write the tests of this patch's findings, and run each before and after it."""
        language = lines.LANGUAGES[self._ladder.language]
        kept = tuple(one for one in before if one.id in rung.findings)
        folder, log = self._folder / f"tests-{rung.number}", self._folder / f"{rung.number}.log"
        report = Report(before.target, PROFILE, kept, before.seconds)
        found = await plans(report, PROFILE, Dialect(), Promised.of(LIMITS))
        limits = [word for name, value in LIMITS.items() for word in ("--set", f"{name}={value:g}")]
        options = ["--profile", PROFILE, "--token", "$TOKEN", "--log", str(log), *limits]
        written = write(folder, report, found, language, options)

        async def both(path: Path) -> tuple[int, int]:
            codes = [await self._exit_code(step, path, log) for step in (rung.number - 1, rung.number)]
            return codes[0], codes[1]

        results = await asyncio.gather(*map(both, written.tests.values()))
        return dict(zip(written.tests, results, strict=True))

    async def _exit_code(self, step: int, test: Path, log: Path) -> int:
        """Run one test against a server of its own; return the exit code."""
        async with self._turns:
            port = _free_port()
            url = f"ws://localhost:{port}"
            async with Hosted(self._command(step), url, _environment(port, LIMITS), log):
                environment = {**os.environ, **PLACEHOLDERS, "URL": url, "PATH": _path()}
                child = await create_subprocess_exec(
                    *self._runner(test), cwd=test.parent, env=environment, stdout=DEVNULL, stderr=DEVNULL
                )
                try:
                    return await child.wait()
                finally:
                    if child.returncode is None:
                        child.kill()

    def _runner(self, test: Path) -> list[str]:
        """Return the command that runs one test: pytest need not be installed."""
        if self._ladder.language == "node":
            return ["node", "--test", test.name]
        run = f"import {test.stem} as one; [f() for n, f in vars(one).items() if n.startswith('test_')]"
        return [sys.executable, "-c", run]

    def _command(self, step: int) -> str:
        """Write the server of a step; return the command that starts it."""
        folder = self._folder / f"step-{step}"
        folder.mkdir(exist_ok=True)
        path = folder / self._ladder.file
        path.write_text(self._ladder.server(step), encoding="utf-8", newline="\n")
        return shell.join(["node" if self._ladder.language == "node" else sys.executable, str(path)])


def place(ladder: Ladder, start: Path) -> Path | None:
    """Return the folder in which the servers find their packages; None if any will do. Raises CannotWalk."""
    if ladder.language == "python":
        return None
    if shutil.which("node") is None:
        raise CannotWalk("Node is not installed; install Node 20 or newer, or walk the ladder in Python")
    for folder in (start, *start.parents):
        if (folder / "node_modules/ws").is_dir():
            return folder
    raise CannotWalk(f"Node's package ws is not in {start}; run `npm install ws` there, or walk the ladder in Python")


def _environment(port: int, limits: Mapping[str, float]) -> dict[str, str]:
    named = {name.upper(): f"{limits[name]:g}" for name in _FROM_ENVIRONMENT}
    return {"PORT": str(port), "DEV_TOKEN": TOKEN, "NODE_OPTIONS": "", **named}


def _path() -> str:
    """Return PATH with the folder of our own command first: a test in Node runs it."""
    return os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
