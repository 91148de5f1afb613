"""Receive what the instructor sends, and store it for every notebook on this machine.

An announcement arrives in the news room. For a note, only a notification arrives, in a room that only this student can
read; the note itself is fetched over HTTP. Both are fetched after each reconnect, because they may have been sent while
this machine was offline.
"""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import msgspec

from labkit.bench.ask import ask, basic, json_of
from labkit.classroom.help.news import Item, News
from labkit.classroom.membership import Membership
from labkit.wire.client.client import Client, Refused
from labkit.wire.client.room import ClientRoom

AGAIN_S = 2.0


async def listening(client: Client, member: Membership, news: News) -> None:
    """Receive while the client is connected."""
    asked = asyncio.Event()
    asked.set()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_fetch_when(asked, member, news))
        tasks.create_task(_announcements(await client.join(member.news_room), news, asked))
        with suppress(Refused):  # from the server of an older labkit
            own = await client.join(member.own_room)
            asked.set()  # for a note whose notification came between the first request and this
            tasks.create_task(_nudges(own, asked))


async def _announcements(room: ClientRoom, news: News, asked: asyncio.Event) -> None:
    async for event in room:
        if event["type"] == "chat":
            _keep(news, [announcement(event)])
        elif event["type"] == "gap":
            asked.set()


async def _nudges(room: ClientRoom, asked: asyncio.Event) -> None:
    async for _ in room:
        asked.set()


async def _fetch_when(asked: asyncio.Event, member: Membership, news: News) -> None:
    while True:
        await asked.wait()
        asked.clear()
        try:
            _keep(news, await asyncio.to_thread(fetched, member))
        except OSError:
            await asyncio.sleep(AGAIN_S)
            asked.set()


def _keep(news: News, items: list[Item]) -> None:
    with suppress(OSError):  # a full disk must not stop the records
        news.add(items)


def announcement(event: Any) -> Item:
    """Return an event of the news room as a message."""
    return Item(f"a{event.get('id', event['sentAt'])}", "announcement", "", str(event["text"]), str(event["sentAt"]))


def fetched(member: Membership) -> list[Item]:
    """Return the newest announcements, and the notes to this student. Raises OSError."""
    try:
        code = basic(member.name, member.code)
        answer = json_of(ask(member.url, "/class/notes", code, None, member.tls, member.route()))
    except HTTPError as error:
        if error.code == 404:  # the server of an older labkit
            return []
        raise
    with suppress(msgspec.ValidationError, KeyError, TypeError):
        notes = msgspec.convert([{**one, "id": f"n{one['id']}"} for one in answer["notes"]], list[Item])
        return [*map(announcement, answer["news"]), *notes]
    return []
