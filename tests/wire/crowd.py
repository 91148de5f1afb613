"""Many clients of ours in a process of their own: `python -m tests.wire.crowd URL CLIENTS ROOMS AT_ONCE HASTE`.

Each is in one room and notes what it hears; in each room one talks, with AT_ONCE messages unanswered at a time. All
come back HASTE times sooner than the rules say. The dev token is in DEV_TOKEN; every other one has a ticket of bob's.
It says `ready` when all are in, then listens on stdin: at `stop` the talkers finish, and once everybody has heard
everything it prints a Report and ends.
"""

import asyncio
import json
import os
import sys
from random import Random
from typing import Any, NamedTuple

from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom
from tests.wire.people import ticket

SETTLE_S = 60


class Report(NamedTuple):
    """What a crowd lived through; the lists of a client are in the order in which it heard."""

    heard: list[list[Any]]  # for each client: [room, [[seq, id] or why there is a gap, ...]]
    said: dict[str, list[str]]  # for each room: the requestIds that were answered
    closes: list[int]  # every close code that any client met
    secrets: list[str]  # every credential that was used


class Hasty(Random):
    """Draws from windows that are so many times narrower."""

    def __init__(self, seed: int, haste: float) -> None:
        super().__init__(seed)
        self._haste = haste

    def __new__(cls, seed: int, haste: float) -> "Hasty":
        return super().__new__(cls, seed)

    def uniform(self, a: float, b: float) -> float:
        return super().uniform(a, b) / self._haste


class Person:
    """One client, in one room."""

    def __init__(self, url: str, number: int, rooms: int, haste: float) -> None:
        self.room_id = f"room:{number % rooms}"
        self.talks = number < rooms
        self.heard: list[Any] = []
        self.said: list[str] = []
        self.secrets: set[str] = set()
        token = os.environ["DEV_TOKEN"] if number % 2 else self._ticket
        self.client = Client(url, token, rng=Hasty(number, haste), on_state=lambda _: self._note_secret())
        self._url = url

    def _note_secret(self) -> None:
        resume = self.client._loop._resume
        if resume is not None:
            self.secrets.add(resume)

    async def _ticket(self) -> str:
        fetched = await ticket(self._url, "bob")
        self.secrets.add(fetched)
        return fetched

    async def come(self) -> None:
        """Be let in."""
        await self.client.__aenter__()
        self._note_secret()
        self.room = await self.client.join(self.room_id)
        self._listening = asyncio.create_task(self._listen(self.room))

    async def _listen(self, room: ClientRoom) -> None:
        async for event in room:
            self.heard.append(event["why"] if event["type"] == "gap" else [event["seq"], event["id"]])

    async def talk(self, stop: asyncio.Event) -> None:
        """Say something, again and again."""
        while not stop.is_set():
            event = await self.room.chat(f"number {len(self.said)}")
            self.said.append(event["requestId"])
            await asyncio.sleep(0.005)

    async def go(self) -> None:
        """Leave; a fault of the listener shows here."""
        await self.client.close()
        await self._listening


async def main(url: str, clients: int, rooms: int, at_once: int, haste: float) -> Report:
    """See above."""
    people = [Person(url, number, rooms, haste) for number in range(clients)]
    await asyncio.gather(*(person.come() for person in people))
    stop = asyncio.Event()
    talking = [asyncio.create_task(one.talk(stop)) for one in people if one.talks for _ in range(at_once)]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    stop.set()
    async with asyncio.timeout(SETTLE_S):
        await asyncio.gather(*talking)
        while not _all_heard(people):
            await asyncio.sleep(0.01)
    closes = [record.detail["code"] for person in people for record in person.client.log.of("closed")]
    await asyncio.gather(*(person.go() for person in people))
    return Report(
        [[person.room_id, person.heard] for person in people],
        {person.room_id: person.said for person in people if person.talks},
        closes,
        sorted(secret for person in people for secret in person.secrets),
    )


def _all_heard(people: list[Person]) -> bool:
    newest: dict[str, int] = {}
    for person in people:
        newest[person.room_id] = max(newest.get(person.room_id, 0), person.room.seq)
    return all(one.room.seq == newest[one.room_id] and one.client._is_in(one.room_id) for one in people)


if __name__ == "__main__":
    where, *numbers = sys.argv[1:]
    report = asyncio.run(main(where, *(int(number) for number in numbers)))
    print(json.dumps(report._asdict()), flush=True)
