"""A load: counts, latencies in both loops, and its errors."""

import asyncio
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

import labkit
import labkit.bench.load.run as load_module
from labkit.bench.load.run import Load, LoadFailed, LoadPlan, load, percentile
from labkit.rules.limits import Limits
from labkit.wire.server import Server
from tests.wire.raw import TOKEN

STALL_S, TALK_S = 0.4, 1.2
SLOW_S = 0.1


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what will not arrive."""
    monkeypatch.setattr(load_module, "QUIET_S", 0.5)


def server(**limits: Any) -> Server:
    return Server("127.0.0.1", 0, token=TOKEN, limits=Limits(**limits))


async def test_load_counts_every_delivery_once() -> None:
    async with server() as running:
        result = await load(running.url, TOKEN, rooms=3, members=4, rate=60, seconds=1)
    assert (result.sent, result.delivered, result.lost) == (60, 60 * 4, 0)
    assert result.refused == {} and result.closes == {}
    assert result.p50_ms is not None and result.p99_ms is not None and 0 < result.p50_ms <= result.p99_ms
    assert 0.5 < result.per_s / 240 <= 1.05


async def test_load_closed_loop_waits_for_each_delivery() -> None:
    async with server(messages_per_s=None) as running:
        made = Load(LoadPlan(running.url, TOKEN, rooms=2, members=3, rate=None, seconds=0.5))
        result = await made.run()
    assert result.sent > 20
    assert (result.delivered, result.lost) == (3 * result.sent, 0)


async def slow_share(rate: float | None) -> tuple[float, int]:
    """Stall for STALL_S in the middle; return the share of slow deliveries, and their number."""
    async with server(messages_per_s=None) as running:
        made = Load(LoadPlan(running.url, TOKEN, members=2, rate=rate, seconds=TALK_S))
        running = asyncio.create_task(made.run())
        while made.sent < 10:
            await asyncio.sleep(0.01)
        time.sleep(STALL_S)
        await running
    slow = sum(latency > SLOW_S for latency in made.latencies_s)
    return slow / len(made.latencies_s), slow


async def test_load_open_loop_shows_a_pause_in_every_due_message() -> None:
    """A quarter of the messages were due in the pause, although none was sent in it."""
    share, _ = await slow_share(rate=100)
    assert share > 0.8 * (STALL_S - SLOW_S) / TALK_S


async def test_load_closed_loop_shows_a_pause_once() -> None:
    _, slow = await slow_share(rate=None)
    assert slow <= 2 * 2  # one message, perhaps two, each received by two


async def test_load_refused_messages_count_as_lost() -> None:
    async with server(messages_per_s=5, message_burst=5) as running:
        result = await load(running.url, TOKEN, members=2, rate=60, seconds=1)
    assert result.refused["rate_limited"] > 20
    assert result.lost == 2 * result.sent - result.delivered > 40


async def test_load_closed_members_are_reported() -> None:
    async with server(session_ttl_s=0.6) as running:
        result = await load(running.url, TOKEN, members=3, rate=50, seconds=1)
    assert result.closes == {4419: 3}
    assert 0 < result.lost < 3 * result.sent


async def test_load_members_above_the_accept_rate_enter_later() -> None:
    async with server(handshakes_per_s=10) as running:
        result = await load(running.url, TOKEN, members=14, rate=20, seconds=0.5)
    assert (result.sent, result.delivered) == (10, 140)


async def test_load_stopped_early_keeps_its_figures() -> None:
    async with server() as running:
        made = Load(LoadPlan(running.url, TOKEN, members=2, rate=50, seconds=1000))
        running = asyncio.create_task(made.run())
        while made.sent < 10:
            await asyncio.sleep(0.01)
        made.stop()
        result = await asyncio.wait_for(running, 5)
    assert 10 <= result.sent < 100
    assert result.lost == 0


async def test_load_wrong_token_is_reported_without_it() -> None:
    async with server() as running:
        with pytest.raises(LoadFailed, match="4403 auth failed") as failure:
            await load(running.url, "another-secret")
    assert "another-secret" not in str(failure.value)
    assert "another-secret" not in repr(LoadPlan(running.url, "another-secret"))


async def test_load_refused_connection_is_reported() -> None:
    async with server() as running:
        url = running.url
    with pytest.raises(LoadFailed, match=r"nothing is listening there; is the server running\?"):
        await load(url, TOKEN)


def test_load_http_server_is_reported() -> None:
    web = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    Thread(target=web.serve_forever, daemon=True).start()
    with pytest.raises(LoadFailed, match=r"not a WebSocket server; it answered: HTTP/1.0 501"):
        asyncio.run(load(f"ws://127.0.0.1:{web.server_port}", TOKEN))
    web.shutdown()
    web.server_close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://localhost"},
        {"rooms": 0},
        {"members": 0},
        {"rate": 0.0},
        {"seconds": 0.0},
        {"rate": float("nan")},
    ],
)
def test_load_plan_invalid_value_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        LoadPlan(**({"url": "ws://localhost"} | wrong))


@pytest.mark.parametrize(("percent", "ms"), [(50, 50.0), (99, 99.0), (99.1, 100.0), (100, 100.0), (1, 1.0), (0.5, 1.0)])
def test_percentile_uses_the_nearest_rank(percent: float, ms: float) -> None:
    assert percentile([number / 1000 for number in range(1, 101)], percent) == ms
    assert percentile([], percent) is None


def test_labkit_exports_load() -> None:
    assert labkit.load is load
