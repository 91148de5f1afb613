"""Start the processes of answers, each a fresh interpreter, and the next one while one still runs.

async with Answers(1) as answers, answers.start(request) as process:
    if process.fault is None: ...            # process.url, or await process.call(...)
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Self

from labkit.course.running.answer_process import AnswerProcess


class Answers:
    """The processes of one judgement. Leaving `async with` ends the one that was not used."""

    def __init__(self, count: int) -> None:
        """`count`: how many answers will start."""
        self._left = count  # of them, those that have no process yet
        self._next: AnswerProcess | None = None

    async def __aenter__(self) -> Self:
        """Start the first. Raises CannotStart or RuntimeError when this machine can start no process."""
        self._prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._next is not None:
            await self._next.close()

    @contextlib.asynccontextmanager
    async def start(self, request: dict[str, Any]) -> AsyncIterator[AnswerProcess]:
        """Load the answer of a request; `fault` says why that failed. Raises CannotStart, RuntimeError."""
        self._prepare()
        process, self._next = self._next or AnswerProcess(), None
        try:
            await process.load(request)
            self._prepare()
            yield process
        finally:
            await process.close()

    def _prepare(self) -> None:
        if self._left > 0 and self._next is None:
            self._left -= 1
            self._next = AnswerProcess()
