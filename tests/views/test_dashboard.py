"""The dashboard: what it sends, what it shows while the server is down, and its controls."""

import asyncio
import threading
from array import array
from collections.abc import Iterator
from contextlib import suppress
from math import nan
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import labkit
from labkit.bench.launch.lab import Lab
from labkit.bench.population import Population
from labkit.bench.watch import CloseCount
from labkit.views import Dashboard
from labkit.views.connection_table import totals
from labkit.wire import background

WIDGET = "application/vnd.jupyter.widget-view+json"


PATIENT = {"outbox_age_s": None, "outbox_bytes": 2**26, "ping_timeout_s": 100}  # nobody is closed for being slow


@pytest.fixture
def lab() -> Iterator[Lab]:
    InteractiveShell.instance()
    with Lab(name="dashboard", messages_per_s=None, ping_interval_s=1, **PATIENT) as made:
        yield made


@pytest.fixture
def population(lab: Lab) -> Iterator[Population]:
    made = Population(lab, members=4, rate=20)
    labkit.run(made.__aenter__())
    yield made
    labkit.run(made.__aexit__(None, None, None))


async def holds(condition: Any, seconds: float = 15.0) -> bool:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return True
        await asyncio.sleep(0.05)
    return False


async def test_frame_has_five_numbers_per_connection_in_order(
    lab: Lab, population: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard = Dashboard.of_lab(lab, population)
    sent: list[array[float]] = []
    monkeypatch.setattr(dashboard._table, "send", lambda _, buffers: sent.append(array("f", buffers[0])))
    await dashboard.draw()
    assert [name for name, _ in dashboard._table.names] == ["the slow one", "member 1", "member 2", "member 3"]
    assert len(sent[0]) == 4 * 5
    assert list(sent[0][4::5]) == [line.sent for line in dashboard.watch.seen.connections]
    assert dashboard._table.rooms == "rooms: room:crowd (4)"
    dashboard.close()


async def test_names_are_sent_only_when_they_change(lab: Lab, population: Population) -> None:
    dashboard = Dashboard.of_lab(lab, population)
    changes: list[Any] = []
    dashboard._table.observe(changes.append, names="names")
    for _ in range(5):
        await dashboard.draw()
    assert len(changes) == 1
    ana = await asyncio.to_thread(labkit.run, lab.client("ana"))
    await dashboard.draw()
    assert len(changes) == 2
    assert ana.user_id == "ana"
    dashboard.close()


async def test_server_down_is_shown_and_found_again(lab: Lab) -> None:
    dashboard = Dashboard.of_lab(lab)
    await dashboard.draw()
    assert dashboard._status.value == ""
    await asyncio.to_thread(lab.kill)
    await dashboard.draw()
    assert "the server does not answer" in dashboard._status.value
    await asyncio.to_thread(lab.restart)
    await dashboard.draw()
    assert dashboard._status.value == ""
    dashboard.close()


async def test_dashboard_ends_as_picture(lab: Lab, population: Population) -> None:
    dashboard = Dashboard.of_lab(lab, population)
    with capture_output() as captured:
        await dashboard.live(0.5)
    live, still = captured.outputs
    assert WIDGET in live.data and WIDGET not in still.data and still.update
    assert live.data["text/plain"] == still.data["text/plain"]
    assert "image/png" in still.data
    frozen = dashboard.freeze()
    assert len(frozen.connections) == 4
    assert set(frozen.samples["name"]) >= {"connections", "largest buffer, outbox", "oldest undelivered ms"}
    assert list(frozen.closes.columns) == ["at", "code", "times"]


async def in_this_loop(dashboard: Dashboard, name: str, value: float | None) -> None:
    assert dashboard.controls is not None
    dashboard.controls.widget._handle_custom_msg({"name": name, "value": value}, [])


async def in_a_thread(dashboard: Dashboard, name: str, value: float | None) -> None:
    thread = threading.Thread(target=lambda: asyncio.run(in_this_loop(dashboard, name, value)))
    thread.start()
    thread.join()


@pytest.mark.parametrize("say", [in_this_loop, in_a_thread], ids=["kernel_loop", "subshell_thread"])
async def test_every_control_works(lab: Lab, population: Population, say: Any) -> None:
    background.forget_deaths()
    dashboard = Dashboard.of_lab(lab, population)

    def kernel_bytes() -> float:
        with suppress(OSError):  # it did not answer in time, and is asked again
            return max(line.kernel for line in dashboard.watch.look().connections)
        return nan

    await say(dashboard, "rate", 150)
    assert await holds(lambda: population.rate == 150)
    await say(dashboard, "rate", 50)  # which a busy machine reads as fast as it is said
    await say(dashboard, "freeze", None)
    assert await holds(lambda: kernel_bytes() > 30_000)
    await say(dashboard, "heal", None)
    assert await holds(lambda: kernel_bytes() < 30_000)
    await say(dashboard, "reader", 100)
    assert await holds(lambda: kernel_bytes() > 30_000)
    await say(dashboard, "reader", None)
    assert await holds(lambda: kernel_bytes() < 30_000)
    await say(dashboard, "outbox_age_s", 3)
    await say(dashboard, "outbox_bytes", 512)
    await say(dashboard, "kill", None)
    assert await holds(lambda: lab.pid is None)
    await say(dashboard, "restart", None)
    assert await holds(lambda: lab.pid is not None)
    assert (lab.limits.outbox_age_s, lab.limits.outbox_bytes) == (3, 512 * 1024)
    assert background.deaths() == []
    dashboard.close()


async def test_closes_are_added_up() -> None:
    assert totals([CloseCount(1, "1013", 2), CloseCount(2, "4403", 1), CloseCount(3, "1013", 1)]) == {
        "1013": 3,
        "4403": 1,
    }
