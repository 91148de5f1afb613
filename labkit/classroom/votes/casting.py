"""Send the votes in an outbox to the class, and store the class's news about its questions.

A vote goes over HTTP, not into a room: the log of a room names the sender of each message. If the class cannot be
reached, the vote stays due. A refusal is stored with its reason, because a retry would not change it.
"""

import asyncio
import json
import random
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

from labkit.bench.ask import ask, basic, json_of
from labkit.classroom.membership import Membership
from labkit.classroom.posting import packed
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.votes.outbox import Outbox, Paper
from labkit.wire.client.client import Client, Refused

LOOK_S = 0.25
AGAIN_S = 2.0
SPREAD_S = 1.0  # the period over which a reconnecting class spreads its requests
FINAL = frozenset({400, 403, 404, 409})
NO_VOTES = "this class cannot vote, because its server is an older labkit"


async def casting(client: Client, member: Membership, outbox: Outbox) -> None:
    """Send and receive while the client is connected."""
    with suppress(Refused):  # from the server of an older labkit
        room = await client.join(member.votes_room)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_send_all(member, outbox))
            tasks.create_task(_look(member, outbox))
            async for event in room:
                if event["type"] == "gap":
                    tasks.create_task(_look(member, outbox))
                elif event["type"] == "comment" and event["userId"] == INSTRUCTOR:
                    _keep(outbox, event["target"], event["text"])


def questions(member: Membership, question: str = "") -> list[dict[str, Any]]:
    """Return the class's questions, or just one; the newest is last. Raises OSError."""
    path = f"/class/votes?{question}" if question else "/class/votes"
    found = json_of(ask(member.url, path, basic(member.name, member.code), None, member.tls, member.route()))
    return list(found["questions"])


def post(member: Membership, paper: Paper) -> dict[str, Any]:
    """Send one paper, and return the state of its question. Raises OSError, or HTTPError with a reason if refused."""
    ballot = {"question": paper.question, "round": paper.round, "choice": paper.choice, "secret": paper.secret}
    wish = packed(ballot | {"measured": paper.measured})
    code = basic(member.name, member.code)
    return json_of(ask(member.url, "/class/vote", code, b"", member.tls, member.route(), wish))


async def _send_all(member: Membership, outbox: Outbox) -> None:
    while True:
        try:
            for paper in outbox.due():
                await asyncio.to_thread(_send, member, outbox, paper)
        except OSError:
            await asyncio.sleep(random.uniform(0.5, 1) * AGAIN_S)
        await asyncio.sleep(LOOK_S)


def _send(member: Membership, outbox: Outbox, paper: Paper) -> None:
    try:
        outbox.answered(paper, told=post(member, paper))
    except HTTPError as error:
        if error.code not in FINAL:
            raise
        outbox.answered(paper, refused=sentence(error))
        for told in questions(member, paper.question) if error.code == 409 else ():
            outbox.tell(paper.question, told)


def sentence(error: HTTPError) -> str:
    """Return why the class refused."""
    return NO_VOTES if error.code == 404 else error.read(1000).decode("utf-8", "replace").strip()


async def _look(member: Membership, outbox: Outbox) -> None:
    """Request the state of the questions that are open here."""
    if any(_is_pending(told) for told in outbox.read().told.values()):
        await asyncio.sleep(random.uniform(0, SPREAD_S))
        with suppress(OSError):
            _note_all(outbox, await asyncio.to_thread(questions, member))


def _note_all(outbox: Outbox, found: Iterable[dict[str, Any]]) -> None:
    known = outbox.read()
    mine = {paper.question for paper in known.papers.values()}
    for told in found:
        if told["id"] in mine:
            outbox.tell(told["id"], told)


def _is_pending(told: dict[str, Any]) -> bool:
    return told.get("state") != "revealed"


def _keep(outbox: Outbox, question: str, text: str) -> None:
    """Store a change to a question that was asked here or that the instructor asks everybody."""
    kept = outbox.read()
    if question.startswith("q") or any(paper.question == question for paper in kept.papers.values()):
        with suppress(ValueError, OSError):
            outbox.tell(question, dict(json.loads(text)))
