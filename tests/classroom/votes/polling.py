"""A running class that votes, as its instructor sees it."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from typing import Any

from labkit.bench.ask import ask, basic
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.sending import Sender
from labkit.classroom.votes.lessons import predictions
from tests.classroom.school import PATIENCE_S, School

PREDICTION = next(iter(predictions().values()))


async def post(school: School, path: str, name: str = INSTRUCTOR, **wish: Any) -> Any:
    """Post to the votes with someone's code. Raises HTTPError."""
    packed = {"Vote": base64.b64encode(json.dumps(wish).encode()).decode()}
    code = basic(name, school.codes[name])
    return json.loads(await asyncio.to_thread(ask, school.url, path, code, b"", None, None, packed))


async def standing(school: School, question: str, name: str = INSTRUCTOR) -> dict[str, Any]:
    """How a question stands for someone."""
    (found,) = (await school.get(f"/class/votes?{question}", name))["questions"]
    return dict(found)


async def until(sender: Sender, question: str, is_so: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until a student's machine knows that it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so(sender.votes.standing(question)[1] or {}):
            await asyncio.sleep(0.02)


async def all_answered(*senders: Sender) -> None:
    """Wait until the class has answered every vote."""
    async with asyncio.timeout(PATIENCE_S):
        while any(sender.votes.due() for sender in senders):
            await asyncio.sleep(0.02)


def choose(senders: Iterable[Sender], question: str, *choices: int) -> None:
    for sender, choice in zip(senders, choices, strict=True):
        sender.votes.choose(question, choice)
