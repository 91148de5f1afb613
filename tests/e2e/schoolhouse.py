"""A class for browser tests, as an instructor starts it: `labkit class start` in a process, students beside it."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from labkit.bench.ask import ask, basic, ticket
from labkit.classroom.register import INSTRUCTOR
from labkit.wire import background
from labkit.wire.client.client import Client
from tests.e2e.house import House
from tests.e2e.need import ROOT


class Schoolhouse(House):
    """`with Schoolhouse(folder, names) as school:` a class at `school.url`; it keeps its port over a restart."""

    def __init__(self, folder: Path, names: Sequence[str], class_id: str = "physics") -> None:
        super().__init__(folder, "--set", "close_deadline_s=0.3", ops_token=None)
        self.folder, self.class_id = folder, class_id
        self.more: list[str] = []
        self.file, self.slips = folder / "class.db", folder / "slips.txt"
        (folder / "roster.csv").write_text("name\n" + "\n".join(f'"{name}"' for name in names) + "\n", encoding="utf-8")

    @property
    def codes(self) -> dict[str, str]:
        """By name, from the slips."""
        slips = self.slips.read_text(encoding="utf-8")
        found = dict(re.findall(r"name='(.*?)', code='(.*?)'", slips))
        code = re.search(r"code  (\S+)", slips)
        assert code is not None
        return found | {INSTRUCTOR: code[1]}

    def _command(self) -> list[str]:
        files = ["--file", str(self.file), "--roster", str(self.folder / "roster.csv"), "--hand-out", str(self.slips)]
        return [sys.executable, "-m", "labkit", "class", "start", self.class_id, *files, *self.more]

    # Students

    @contextmanager
    def student(self, name: str) -> Iterator[Any]:
        """A student who is in; the function tells a record: exercise, status, check. Its `chat` says a text."""
        url = f"ws://localhost:{self.port}"
        client = Client(url, partial(_ticket, url, name, self.codes[name]))
        background.run(client.__aenter__())
        room = background.run(client.join(f"class:{self.class_id}"))
        count = iter(range(1, 10_000))

        def tell(exercise: str, status: str, check: str | None = None, at: str | float | None = None) -> Any:
            n = next(count)
            said = {
                "exercise": exercise,
                "status": status,
                "check": check,
                "at": 1000 * n if at is None else at,
                "n": n,
            }
            return background.run(room.publish("exercise", requestId=f"d-{n}", **said))

        def hand_in(pieces: list[dict[str, str]], to: str = "answers") -> None:
            answers = background.run(client.join(f"class:{self.class_id}:{to}"))
            for piece in pieces:
                background.run(answers.publish("comment", **piece))

        tell.hand_in = hand_in  # type: ignore[attr-defined]
        tell.chat = lambda text: background.run(room.chat(text))  # type: ignore[attr-defined]
        try:
            yield tell
        finally:
            background.run(client.close())

    def vote(self, name: str, question: str, choice: int | None, number: int = 1, measured: int | None = None) -> None:
        """Vote as a student's machine does. Raises HTTPError if the class refuses."""
        ballot = {"question": question, "round": number, "choice": choice, "secret": f"secret of {name:<20}"}
        packed = base64.b64encode(json.dumps(ballot | {"measured": measured}).encode()).decode()
        code, url = basic(name, self.codes[name]), f"ws://localhost:{self.port}"
        ask(url, "/class/vote", code, b"", more_headers={"Vote": packed})

    @contextmanager
    def pupils(self, rate: float) -> Iterator[None]:
        """All students, in a process of their own, telling so many records a second."""
        command = [sys.executable, "-m", "tests.classroom.pupils", f"ws://localhost:{self.port}", str(self.slips)]
        process = subprocess.Popen(
            [*command, str(rate)],
            cwd=ROOT,
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None and process.stdin is not None
        try:
            assert process.stdout.readline() == "in\n"
            yield
        finally:
            process.stdin.close()
            process.wait(timeout=30)


async def _ticket(url: str, name: str, code: str) -> str:
    return await asyncio.to_thread(ticket, url, name, code)
