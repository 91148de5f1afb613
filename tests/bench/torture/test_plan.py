"""The schedule of a torture: repeatable, with the requested kills, ordered and apart."""

import itertools

import pytest

from labkit.bench.torture.plan import TorturePlan, schedule

PLAN = TorturePlan(seconds=60, kills=10, seed=3)
THREE = TorturePlan(seconds=600, kills=60, servers=3, seed=3)


def test_schedule_same_seed_repeats_it() -> None:
    assert schedule(PLAN) == schedule(TorturePlan(seconds=60, kills=10, seed=3))
    assert schedule(PLAN) != schedule(TorturePlan(seconds=60, kills=10, seed=4))


def test_schedule_kills_are_ordered_and_apart() -> None:
    """A server needs time to restart before the next kill."""
    kills = [step.at_s for step in schedule(PLAN) if step.do == "kill"]
    assert len(kills) == 10
    assert kills == sorted(kills)
    assert min(kills) > 3 and max(kills) < 57
    assert min(later - earlier for earlier, later in itertools.pairwise(kills)) > 1


def test_schedule_one_server_has_no_broker() -> None:
    assert {step.do for step in schedule(PLAN)} == {"kill", "stall", "reset", "part"}


def test_schedule_one_kill_in_five_is_the_brokers() -> None:
    steps = schedule(THREE)
    assert sum(step.do in ("kill", "kill broker") for step in steps) == 60
    assert sum(step.do == "kill broker" for step in steps) == 12
    assert {step.server for step in steps if step.do == "kill"} == {0, 1, 2}
    assert "part broker" in {step.do for step in steps}


@pytest.mark.parametrize("wrong", [{"servers": 0}, {"clients": 0}, {"rooms": 0}, {"kills": -1}, {"rate": 0}])
def test_torture_plan_invalid_value_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        TorturePlan(**wrong)  # type: ignore[arg-type]


def test_torture_plan_too_many_kills_are_refused() -> None:
    with pytest.raises(ValueError, match="100 kills in 30 s leave no time to restart; allow 1 s each"):
        TorturePlan(seconds=30, kills=100)
