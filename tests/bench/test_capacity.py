"""The capacity plan: its figures, its refusals, and its agreement with a virtual storm."""

from dataclasses import replace

import pytest

from labkit.bench.capacity import Costs, Need, measure, measure_log, plan
from labkit.bench.storm.run import storm

COSTS = Costs(connection_kb=30, handshake_us=900, delivery_us=10, event_us=400)
NOBODY = 2**30  # more than any kernel gives a process
SMALL, LARGE = Need(connections=10_000), Need(connections=1_000_000)


def test_plan_figures_add_up() -> None:
    made = plan(COSTS, SMALL)
    assert (made.servers, made.clusters, made.bound_by) == (2, 1, "the connection limit")
    assert made.connections_each == 10_000
    assert made.memory_gb == pytest.approx(0.34)
    assert made.events_per_s == pytest.approx(16.7, abs=0.1)
    assert made.deliveries_per_s == pytest.approx(333, abs=1)
    assert made.back_s == 40


def test_plan_names_the_bottleneck() -> None:
    assert plan(COSTS, replace(SMALL, published_per_min=1, room_size=2_000)).bound_by == "deliveries"
    assert plan(COSTS, replace(SMALL, server_gb=0.1)).bound_by == "memory"


def test_plan_too_many_events_need_several_logs() -> None:
    one, many = plan(COSTS, LARGE), plan(COSTS, replace(LARGE, published_per_min=1))
    assert one.clusters == 3
    assert many.clusters == 27
    assert many.events_per_s / many.clusters * COSTS.event_us / 1e6 <= 0.25


@pytest.mark.parametrize("name", ["connections", "room_size", "published_per_min"])
def test_plan_more_load_needs_no_fewer_servers(name: str) -> None:
    for times in (2, 5, 50):
        more = plan(COSTS, replace(SMALL, **{name: getattr(SMALL, name) * times}))
        assert more.servers >= plan(COSTS, SMALL).servers
        assert more.busy <= SMALL.busy + 1e-9


def test_plan_recovery_time_agrees_with_virtual_storm() -> None:
    """Within 15 %, because both use the same rule for the window."""
    made = plan(COSTS, SMALL)
    seen = storm(policy="ours", clients=made.connections_each, handshakes_per_s=SMALL.handshakes_per_s, seed=1)["ours"]
    assert seen.t99_s is not None
    assert seen.t99_s == pytest.approx(made.back_s, rel=0.15)
    assert seen.peak_1s <= SMALL.handshakes_per_s


@pytest.mark.parametrize("wrong", [{"connections": 0}, {"busy": 1.5}, {"server_gb": -1}, {"room_size": 0}])
def test_need_invalid_value_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Need(**wrong)  # type: ignore[arg-type]


async def publish_nothing() -> None:
    """An event that costs nothing."""


async def test_measure_missing_process_raises() -> None:
    """Returning the defaults would pass them off as measured."""
    with pytest.raises(ProcessLookupError):
        await measure(NOBODY, "ws://127.0.0.1:9", "token")
    with pytest.raises(ProcessLookupError):
        await measure_log(NOBODY, publish_nothing)


def test_plan_text_is_one_sentence() -> None:
    assert str(plan(COSTS, SMALL)) == (
        "10,000 connections: 2 servers, bound by the connection limit; 10,000 connections, 0.3 GB and 1 % of a "
        "core each; 17 events and 333 deliveries a second; after a storm everybody is back in 40 s"
    )
