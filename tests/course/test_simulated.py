"""A simulated server: its connections are real ones, its clock is not, and it runs beside a loop as well."""

import asyncio
import time
from typing import Any

import pytest

from labkit.course.running.handler_server import line_of
from labkit.course.simulated import NotAwaitable, Simulated

DAY_S = 86_400


async def echo(connection: Any) -> None:
    async for text in connection:
        await connection.send(text)


async def silent(connection: Any) -> None:
    try:
        await asyncio.wait_for(connection.recv(), 5)
    except TimeoutError:
        await connection.close(4401, "too late")


def test_message_comes_back_as_json_text_or_bytes() -> None:
    server = Simulated(echo)
    assert server.connect("ana") == {}
    assert server.send("ana", {"a": 1}, "no JSON", b"\x00") == {"ana": [{"a": 1}, "no JSON", b"\x00"]}


def test_clock_runs_only_when_it_is_told_to() -> None:
    began = time.process_time()
    server = Simulated(silent)
    server.connect("ana")
    assert server.wait(4.75) == {}
    assert server.wait(0.25) == {"ana": ["close 4401 too late"]}
    assert server.wait(DAY_S) == {}
    assert time.process_time() - began < 5


def test_more_messages_than_the_server_queues_all_arrive() -> None:
    async def late(connection: Any) -> None:
        await asyncio.sleep(1)
        await echo(connection)

    server = Simulated(late)
    server.connect("ana")
    assert server.send("ana", *map(str, range(100))) == {}
    assert server.wait(1) == {"ana": list(range(100))}


def test_error_of_a_handler_closes_with_1011_and_is_told() -> None:
    async def raises(connection: Any) -> None:
        raise KeyError(await connection.recv())

    errors: list[BaseException] = []
    server = Simulated(raises, errors.append)
    server.connect("ana")
    assert server.send("ana", "token") == {"ana": ["close 1011"]}
    assert [(repr(error), line_of(error.__traceback__)) for error in errors] == [("KeyError('token')", 0)]


@pytest.mark.parametrize("end", ["close", "vanish"])
def test_handler_sees_the_end_of_a_client(end: str) -> None:
    ended: list[int | None] = []

    async def watching(connection: Any) -> None:
        await connection.wait_closed()
        ended.append(connection.close_code)

    server = Simulated(watching)
    server.connect("ana")
    getattr(server, end)("ana")
    assert ended == [1000 if end == "close" else 1006]


def test_what_happens_at_once_comes_before_any_of_it_is_seen() -> None:
    """The handler of the one that sends runs while the other one is gone already."""
    states: list[str] = []
    connections: list[Any] = []

    async def looking(connection: Any) -> None:
        connections.append(connection)
        await connection.recv()
        states.append(connections[1].state.name)

    server = Simulated(looking)
    server.connect("ana")
    server.connect("ben")
    server.at_once(("vanish", "ben"), ("send", "ana", "look"))
    assert states == ["CLOSED"]


def test_polling_handler_sees_time_pass() -> None:
    async def polling(connection: Any) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + 2
        while loop.time() < until:
            await asyncio.sleep(0)
        await connection.send("2 s")

    server = Simulated(polling)
    server.connect("ana")
    assert server.wait(2)["ana"][0] == "2 s"


def test_runs_beside_a_loop_as_in_a_notebook() -> None:
    async def cell() -> Any:
        server = Simulated(echo)
        server.connect("ana")
        return server.send("ana", "hi")

    assert asyncio.run(cell()) == {"ana": ["hi"]}


def test_plain_function_is_no_handler() -> None:
    def plain(connection: Any) -> None: ...

    with pytest.raises(NotAwaitable, match="plain is no `async def`"):
        Simulated(plain).connect("ana")


def test_client_that_is_not_connected_is_named() -> None:
    with pytest.raises(ValueError, match="'ben' is not connected; let it connect first"):
        Simulated(echo).send("ben", "hi")


def test_end_ends_what_still_waits() -> None:
    ended: list[str] = []

    async def waiting(connection: Any) -> None:
        try:
            await asyncio.sleep(DAY_S)
        finally:
            ended.append("ended")

    server = Simulated(waiting)
    server.connect("ana")
    server.end()
    assert ended == ["ended"]
