"""The schedule of a torture: drawn from the seed, with as many kills as asked for, none too early or too late."""

import itertools

import pytest

from labkit.bench.torture.plan import TorturePlan, schedule

PLAN = TorturePlan(seconds=60, kills=10, seed=3)
THREE = TorturePlan(seconds=600, kills=60, servers=3, seed=3)


def test_the_same_seed_is_the_same_schedule() -> None:
    """And another seed is another."""
    assert schedule(PLAN) == schedule(TorturePlan(seconds=60, kills=10, seed=3))
    assert schedule(PLAN) != schedule(TorturePlan(seconds=60, kills=10, seed=4))


def test_every_kill_is_in_the_schedule_in_order_and_apart() -> None:
    """Each server has time to start again before the next one dies, and everybody has time at both ends."""
    kills = [step.at_s for step in schedule(PLAN) if step.do == "kill"]
    assert len(kills) == 10
    assert kills == sorted(kills)
    assert min(kills) > 3 and max(kills) < 57
    assert min(later - earlier for earlier, later in itertools.pairwise(kills)) > 1


def test_one_server_has_no_broker_to_kill() -> None:
    """And every other fault is there."""
    assert {step.do for step in schedule(PLAN)} == {"kill", "stall", "reset", "part"}


def test_the_broker_is_among_the_kills_of_several_servers() -> None:
    """One kill in five is the broker's, and every server has its share of the others."""
    steps = schedule(THREE)
    assert sum(step.do in ("kill", "kill broker") for step in steps) == 60
    assert sum(step.do == "kill broker" for step in steps) == 12
    assert {step.server for step in steps if step.do == "kill"} == {0, 1, 2}
    assert "part broker" in {step.do for step in steps}


@pytest.mark.parametrize("wrong", [{"servers": 0}, {"clients": 0}, {"rooms": 0}, {"kills": -1}, {"rate": 0}])
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    """Before anything is started."""
    with pytest.raises(ValueError):
        TorturePlan(**wrong)  # type: ignore[arg-type]


def test_kills_need_time_to_start_again() -> None:
    """The error says how much."""
    with pytest.raises(ValueError, match="100 kills in 30 s leave no time to start again; allow 1 s each"):
        TorturePlan(seconds=30, kills=100)
