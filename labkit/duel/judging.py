"""Judge a draft: start a copy of it, learn how it speaks, and review it. A draft that does not start is a result."""

import asyncio
import os
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from labkit.duel.drafts import LEFT_OUT, BadDraft, How, lines_of_code
from labkit.platform import shell
from labkit.platform.packages import installed_version
from labkit.review.conversation import CannotFollow
from labkit.review.dialect import Dialect, dialect_of
from labkit.review.finding import CannotReview
from labkit.review.hosted_server import hosting
from labkit.review.learning import learn
from labkit.review.promise import Profile
from labkit.review.report import Report
from labkit.review.running import OnFinding
from labkit.review.server_review import examine
from labkit.review.target import Target

Outcome = Literal["reviewed", "not started", "not understood"]
PROFILE: Profile = "core"  # dangers alone: nobody asked a draft to speak our protocol
SEVERITIES = ("P0", "P1", "P2")
TOKEN_S = 30.0
OnStep = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a draft. `why`: what went wrong if it was not reviewed; `dialect`: the tables it was read with."""

    outcome: Outcome
    lines: int
    why: str = ""
    dialect: Mapping[str, Any] = field(default_factory=dict)
    report: Report | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The number of faults per severity; findings with one cause are one fault."""
        found = Counter[str](cause.severity for cause in (self.report.causes if self.report else ()))
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def is_clean(self) -> bool:
        """Whether it was reviewed, and has no fault."""
        return self.outcome == "reviewed" and not any(self.counts.values())

    def json(self) -> dict[str, Any]:
        """Return it as findings.json."""
        head: dict[str, Any] = {"outcome": self.outcome, "why": self.why, **self.counts, "lines": self.lines}
        head |= {"profile": PROFILE, "labkit": installed_version()}
        if self.report is None:
            return head | {"faults": []}
        faults = [{"severity": one.severity, "text": one.text, "probes": one.ids} for one in self.report.causes]
        rest = {"verdict": self.report.verdict_text, "faults": faults, "summary": self.report.summary}
        rest |= {"unknown": self.report.unknown, "not_applicable": dict(self.report.not_applicable)}
        return head | rest | {"seconds": round(self.report.seconds, 1), "dialect": dict(self.dialect)}


async def judge(
    code: Path,
    how: How,
    *,
    modules: Path | None = None,
    on_step: OnStep = lambda _: None,
    on_finding: OnFinding | None = None,
    only: tuple[str, ...] = (),
    budget_s: float | None = None,
) -> Judged:
    """Judge what an assistant wrote, in a copy of its folder. `modules`: the node_modules for it.

    Raises BadDraft if a command for a token fails: that is a fault of how.toml, not of the draft.
    """
    lines = lines_of_code(code)
    with TemporaryDirectory(prefix="duel-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "draft"
        shutil.copytree(code, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        if modules is not None:
            (folder / "node_modules").symlink_to(modules.resolve(), target_is_directory=True)
        port = free_port()
        url, start = f"ws://localhost:{port}", with_this_python(how.start)
        environment = {**how.environment, "PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1", "NODE_OPTIONS": ""}
        tokens = how.tokens + tuple([await _token(one, folder, environment) for one in how.token_commands])
        tables: Mapping[str, Any] = how.dialect or {}
        on_step(f"starts {how.start}")
        try:
            async with hosting(start, url, environment, folder) as hosted:
                if how.dialect is None:
                    on_step("learns how it speaks")
                    learned = await learn(Target.of(url, tokens, hosted=hosted))
                    if learned.stopped is not None:
                        return Judged("not understood", lines, str(learned.stopped), learned.tables)
                    tables = learned.tables
        except CannotReview as error:
            return Judged("not started", lines, str(error))
        on_step("reviews it")
        dialect = dialect_of(tables) if tables else Dialect()
        options: dict[str, Any] = {"tokens": tokens, "only": only, "dialect": dialect, "on_finding": on_finding}
        options |= {"start": start, "environment": environment, "folder": folder, "budget_s": budget_s}
        options |= {"audit": folder / how.audit} if how.audit else {}
        try:
            report = await examine(url, profile=PROFILE, **options)
        except CannotFollow as error:
            return Judged("not understood", lines, str(error), tables)
        except CannotReview as error:
            return Judged("not started", lines, str(error), tables)
    return Judged("reviewed", lines, "", tables, report)


async def _token(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    child = await asyncio.create_subprocess_exec(
        *shell.split(with_this_python(command)),
        cwd=folder,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TOKEN_S):
            out, _ = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        raise BadDraft(f"how.toml: {command!r} printed no token within {TOKEN_S:g} s") from None
    if child.returncode or not out.strip():
        raise BadDraft(f"how.toml: {command!r} printed no token; its exit code is {child.returncode}")
    return out.decode("utf-8", "replace").strip()


def with_this_python(command: str) -> str:
    """Return a command in which `python` is the Python that runs us, which has the package websockets."""
    first, *rest = shell.split(command)
    return shell.join([sys.executable if first in ("python", "python3") else first, *rest])


def modules_near(start: Path) -> Path | None:
    """Return the nearest node_modules that has ws, in this folder or above it; None if there is none."""
    for folder in (start, *start.resolve().parents):
        for modules in (folder / "node_modules", folder / ".e2e/node_modules"):
            if (modules / "ws").is_dir():
                return modules
    return None


def free_port() -> int:
    """Return a port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
