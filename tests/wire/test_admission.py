"""Who may come in: pages by their origin, as many as there is room for, and no faster than the accept rate."""

import re

import pytest

from labkit.wire import admission
from labkit.wire.server import Server
from tests.wire.raw import TOKEN, Ended, Raw, ask, request, serving, until, upgrade


async def status_for(server: Server, **headers: str) -> int:
    """How a handshake is answered."""
    raw = await Raw.dial(server.url)
    raw.send(upgrade(**headers))
    return (await raw.head()).status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 101),
        ("https://127.0.0.1", 101),
        ("null", 403),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("https://page.example", 101),
        ("http://page.example", 403),
        ("", 403),
    ],
)
async def test_on_loopback_a_page_of_this_machine_may_connect(origin: str, status: int) -> None:
    """Or one on the list; a foreign one is 403, and its handshake is counted as refused."""
    async with serving(allow_origins=["https://page.example"]) as server:
        assert await status_for(server, Origin=origin) == status
        assert server.hub.state.counts.refused[403] == (status == 403)


async def test_off_loopback_a_page_needs_to_come_from_this_host() -> None:
    """Origin equal to Host passes; localhost and null mean nothing there; programs send none and pass."""
    async with serving(host="0.0.0.0") as server:
        there = {"Host": "lab.example:8080"}
        assert await status_for(server, **there, Origin="https://lab.example:8080") == 101
        assert await status_for(server, **there, Origin="https://lab.example") == 403
        assert await status_for(server, **there, Origin="null") == 403
        assert await status_for(server, **there, Origin="http://localhost") == 403
        assert await status_for(server, **there) == 101


async def test_page_from_a_file_gets_advice(caplog: pytest.LogCaptureFixture) -> None:
    """In the answer and in the log, as a browser keeps the answer from its page; with `null` allowed it connects."""
    async with serving() as server:
        answer = await ask(server.url, upgrade(Origin="null"))
        assert answer.status == 403 and b"--allow-origin null" in answer.body
    assert "--allow-origin null" in next(line.why for line in caplog.records if line.msg == "refused")
    async with serving(allow_origins=["null"]) as server:
        assert await status_for(server, Origin="null") == 101


@pytest.mark.parametrize("limit", ["connections", "connections_per_address"])
async def test_a_full_house_is_503_and_has_room_again(limit: str) -> None:
    """Sockets that say nothing count as well; plain HTTP is still answered; who leaves makes room."""
    async with serving(limits={limit: 3, "auth_timeout_s": 60}) as server:
        silent = [await Raw.dial(server.url) for _ in range(2)]
        inside = await Raw.enter(server.url)
        answer = await ask(server.url, upgrade())
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert (await ask(server.url, request("GET", "/healthz"))).status == 200
        silent[0].drop()
        await until(lambda: server.hub.state.admission._counter.count == 2)
        assert await status_for(server) == 101
        assert await inside.everything() == []


async def test_another_address_has_its_own_share() -> None:
    """Per address: 127.0.0.1 is full, ::1 is not."""
    async with serving(limits={"connections_per_address": 1}) as server:
        await Raw.enter(server.url)
        assert await status_for(server) == 503
        other = await Raw.dial(server.url, "::1")
        other.send(upgrade())
        assert (await other.head()).status == 101


async def test_too_many_handshakes_are_closed_with_a_slot_each() -> None:
    """1013 `busy retry=MS`: a second or more away, and no two alike; nothing they say is acted on."""
    async with serving(limits={"handshakes_per_s": 5}) as server:
        raws = [await Raw.open(server.url) for _ in range(15)]
        welcome, endings = 0, []
        for raw in raws:
            raw.say(type="auth", token=TOKEN)
            try:
                await raw.hear("auth_ok")
                welcome += 1
            except Ended as ended:
                endings.append(str(ended))
        assert welcome in (5, 6) and welcome + len(endings) == 15
        slots = [int(re.fullmatch(r"1013 busy retry=(\d+)", ending)[1]) for ending in endings]  # type: ignore[index]
        assert min(slots) >= 1000 and len(set(slots)) == len(slots) and slots == sorted(slots)
        assert server.hub.state.counts.busy == len(slots)


async def test_off_lifts_the_accept_rate() -> None:
    """And the window is a second for everybody."""
    async with serving(limits={"handshakes_per_s": None}) as server:
        raws = [await Raw.enter(server.url) for _ in range(30)]
        assert raws[-1].ok["reconnect"] == {"windowMs": 1000}


async def test_socket_over_the_limit_is_closed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a moment to ask and be told 503; past some of those, a socket is reset at once: they cost memory too."""
    monkeypatch.setattr(admission, "MAX_REFUSED_SOCKETS", 10)
    async with serving(limits={"connections": 2, "auth_timeout_s": 60.0, "close_deadline_s": 1.0}) as server:
        inside = [await Raw.dial(server.url) for _ in range(2)]
        mute = [await Raw.dial(server.url) for _ in range(40)]
        await until(lambda: len(server.hub.state.sockets) == 2 + 10)
        for raw in mute:
            await raw.gone()
        assert len(server.hub.state.sockets) == 2 and await status_for(server) == 503
        inside[0].send(upgrade())
        assert (await inside[0].head()).status == 101
