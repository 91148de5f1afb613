"""The four transports as the notebook measures them, and the advice."""

import asyncio

import pytest

from labkit.bench.transports import adapters
from labkit.bench.transports.adapters import POLL_S, RELOAD_S
from labkit.bench.transports.advice import Need, advise
from labkit.bench.transports.compare import LATENCY, TEXT, TRANSPORTS, UPDATES, Comparison, Measured, compare
from labkit.samples import Store


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Measure as the notebook does, in its time: a member that does not read must not delay the end."""
    return asyncio.run(asyncio.wait_for(compare(seed=7), 15))


def test_transports_deliver_every_update(comparison: Comparison) -> None:
    assert [row.option.split(" ")[0] for row in comparison.rows] == ["WebSocket", "server-sent", "polling", "reload"]
    assert all(len(row.latencies_ms) == UPDATES for row in comparison.rows)
    assert all(latency > 0 for row in comparison.rows for latency in row.latencies_ms)


def test_transports_push_is_faster_and_idle_is_free(comparison: Comparison) -> None:
    websocket, events, polling, reloading = comparison.rows
    for pushed in (websocket, events):
        assert pushed.median_ms * 5 < polling.median_ms < reloading.median_ms
        assert pushed.idle_bytes_per_s == pushed.idle_requests_per_s == pushed.requests_per_update == 0
        assert pushed.bytes_per_update > 100


def test_transports_idle_polling_counts_whole_intervals(comparison: Comparison) -> None:
    """In three seconds there are six polls and two reloads, wherever the window starts."""
    _, _, polling, reloading = comparison.rows
    for asked, every_s in ((polling, POLL_S), (reloading, RELOAD_S)):
        assert 0.86 < asked.idle_requests_per_s * every_s < 1.02
    page = reloading.idle_bytes_per_s / reloading.idle_requests_per_s
    assert page > UPDATES * len(TEXT) > polling.idle_bytes_per_s / polling.idle_requests_per_s


async def test_opening_a_stream_is_not_measured_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the request that opens it comes late."""
    usual = asyncio.open_connection

    async def late(*address: object) -> object:
        await asyncio.sleep(0.5)
        return await usual(*address)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "open_connection", late)
    for option, open_transport in adapters.TRANSPORTS.items():
        async with open_transport(lambda _: None) as transport:
            assert option.startswith(("polling", "reload")) or transport.requests() == 1, option


def test_comparison_frame_has_one_row_per_transport(comparison: Comparison) -> None:
    frame = comparison.frame()
    assert list(frame.index) == [row.option for row in comparison.rows]
    assert "idle bytes/s" in frame.columns


def row(option: str, bytes_per_update: float, requests: float, idle_bytes: float, idle_requests: float) -> Measured:
    return Measured(option, (1.0,), bytes_per_update, requests, idle_bytes, idle_requests)


MADE_UP = Comparison((row("push", 100, 0, 0, 0), row("poll", 170, 0.5, 400, 2), row("page", 300, 0.2, 2000, 1)))


@pytest.mark.parametrize(
    ("need", "option"),
    [
        (Need(60, 0.5, sends_often=True), "WebSocket"),
        (Need(60, 60, sends_often=True), "WebSocket"),
        (Need(60, 0.5), "server-sent events"),
        (Need(60, 14.9), "server-sent events"),
        (Need(60, 15), "polling"),
        (Need(0.1, 60), "polling"),
    ],
)
def test_advice_follows_its_rules_in_order(need: Need, option: str) -> None:
    assert advise(need, MADE_UP).option == option


def test_advice_saves_what_must_be_kept_by_request() -> None:
    assert "HTTP request" in advise(Need(5, 1, must_be_kept=True), MADE_UP).why
    assert "HTTP request" not in advise(Need(5, 1), MADE_UP).why


def test_advice_costs_of_push_and_poll() -> None:
    """Of 170 bytes per polled update, 100 are half a request; a page already contains its updates."""
    costs = advise(Need(updates_per_min=2, delay_s=10), MADE_UP).bytes_per_hour
    assert costs == {"push": 2 * 60 * 100, "poll": 3600 / 10 * 200 + 2 * 60 * 70, "page": 3600 / 10 * 2000}


async def compare_into_store() -> tuple[list[str], int]:
    store = Store()
    measured = await compare(seed=7, updates=3, store=store)
    windows = [store.window(LATENCY.format(row.option)).values for row in measured.rows]
    assert [sorted(values) for values in windows] == [sorted(row.latencies_ms) for row in measured.rows]
    return store.names(), len(windows)


def test_compare_adds_each_latency_to_the_store() -> None:
    names, count = asyncio.run(compare_into_store())
    assert sorted(names) == sorted(LATENCY.format(option) for option in TRANSPORTS)
    assert count == 4
