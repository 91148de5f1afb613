"""The servers that a probe is tried on: who receives a chat, and what waits on a slow network."""

import asyncio
import contextlib
import json
from time import monotonic
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from labkit.course.models.write_probe import Server
from labkit.course.room_server import LATE_S, room_server

WORST = (
    *(Server(leaks_to=leak, slow=slow) for leak in ("similar", "left", "no room") for slow in ("events", "joins")),
    *(Server(slow=slow, talks=True) for slow in ("events", "chats", "leaves", "answers")),
    Server(leaks_to="all", extras=True, last=True),
    Server(twice=True),
)


async def asked(socket: ClientConnection, answer: str, **message: Any) -> list[Any]:
    """Send a message; return all that comes until its answer."""
    await socket.send(json.dumps(message))
    came = [json.loads(await socket.recv())]
    while came[-1]["type"] != answer:
        came.append(json.loads(await socket.recv()))
    return came


async def receivers(leak: str, **more: Any) -> set[str]:
    """Who receives a chat in room:a, of clients in each position to it."""
    places = {
        "member": [("join", "room:a")],
        "similar": [("join", "room:ab")],
        "shorter": [("join", "room:")],
        "left": [("join", "room:a"), ("leave", "room:a")],
        "left for another": [("join", "room:a"), ("leave", "room:a"), ("join", "else")],
        "back again": [("join", "room:a"), ("leave", "room:a"), ("join", "room:a")],
        "never": [],
    }
    answers = {"join": "joined", "leave": "left"}
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(room_server(leaks_to=leak, **more))
        sockets = {name: await stack.enter_async_context(connect(url)) for name in places}
        for name, socket in sockets.items():
            await asked(socket, "auth_ok", type="auth", token="dev-token")
            for kind, room in places[name]:
                await asked(socket, answers[kind], type=kind, roomId=room)
        await asked(sockets["member"], "chat", type="chat", roomId="room:a", text="words")
        got = {"member"}
        for name, socket in sockets.items():
            if name != "member" and "words" in str(await asked(socket, "pong", type="ping")):
                got.add(name)
    return got


async def said_to(server: Server) -> set[str]:
    """The types of what arrives at a member."""
    async with room_server(**server) as url, connect(url) as socket:
        came = await asked(socket, "auth_ok", type="auth", token="dev-token")
        came += await asked(socket, "joined", type="join", roomId="room:a")
        came += await asked(socket, "chat", type="chat", roomId="room:a", text="words")
        came += await asked(socket, "pong", type="ping")
    return {one["type"] for one in came}


MEMBERS = {"member", "back again"}
OTHERS = {"similar", "shorter", "left for another"}


@pytest.mark.parametrize(
    ("leak", "also"),
    [
        ("", set()),
        ("all", OTHERS | {"left", "never"}),
        ("other rooms", OTHERS),
        ("similar", {"similar"}),
        ("left", {"left", "left for another"}),
        ("no room", {"left", "never"}),
    ],
)
def test_chat_reaches_members_and_those_that_it_leaks_to(leak: str, also: set[str]) -> None:
    assert asyncio.run(receivers(leak)) == MEMBERS | also


def test_chat_of_another_waits_until_its_receiver_asks() -> None:
    async def waits() -> tuple[bool, list[str]]:
        async with room_server(slow="events") as url, connect(url) as ana, connect(url) as ben:
            for socket in (ana, ben):
                await asked(socket, "auth_ok", type="auth", token="dev-token")
                await asked(socket, "joined", type="join", roomId="room:a")
            await asked(ana, "chat", type="chat", roomId="room:a", text="words")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    await ben.recv()
                    return False, []
            return True, [one["type"] for one in await asked(ben, "pong", type="ping")]

    assert asyncio.run(waits()) == (True, ["chat", "pong"])


def test_answer_behind_a_leak_waits_nearly_three_seconds_once() -> None:
    """Also if its receiver asks; the sender's own chat does not wait, and later answers do not."""

    async def took() -> list[float]:
        seconds: list[float] = []
        async with (
            room_server(leaks_to="all", slow="answers", pace=10) as url,
            connect(url) as ana,
            connect(url) as ben,
        ):
            for socket, room in ((ana, "room:a"), (ben, "room:b")):
                await asked(socket, "auth_ok", type="auth", token="dev-token")
                await asked(socket, "joined", type="join", roomId=room)
            for _ in range(2):
                for socket, answer, message in (
                    (ana, "chat", {"type": "chat", "roomId": "room:a", "text": "words"}),
                    (ben, "pong", {"type": "ping"}),
                ):
                    began = monotonic()
                    await asked(socket, answer, **message)
                    seconds.append(10 * (monotonic() - began))
        return seconds

    own, late, own_later, later = asyncio.run(took())
    assert late + own >= LATE_S
    assert late > LATE_S / 2
    assert max(own, own_later, later) < late


def test_wrong_token_and_a_room_that_was_not_joined_are_refused() -> None:
    async def closed(*messages: dict[str, str]) -> int | None:
        async with room_server() as url, connect(url) as socket:
            for message in messages:
                await socket.send(json.dumps(message))
            await socket.wait_closed()
            return socket.close_code

    auth = {"type": "auth", "token": "dev-token"}
    assert asyncio.run(closed(auth | {"token": "other"})) == 4403
    assert asyncio.run(closed(auth, {"type": "chat", "roomId": "room:a", "text": "hi"})) == 1008
    assert asyncio.run(closed(auth, {"type": "shout"})) == 1008
