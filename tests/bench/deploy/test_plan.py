"""The plan of a deploy drill: the seed alone decides the fault."""

from typing import Any

import pytest

from labkit.bench.deploy.plan import FAULTS, DeployPlan
from labkit.rules.limits import Limits


def test_seed_draws_the_fault_and_every_fault_is_drawn() -> None:
    assert {DeployPlan(seed=seed).fault for seed in range(40)} == set(FAULTS)
    assert DeployPlan(seed=7).fault == DeployPlan(seed=7, rate=1).fault


@pytest.mark.parametrize("fault", FAULTS)
def test_settings_of_a_fault_are_limits(fault: Any) -> None:
    """A server accepts them, and they change something."""
    assert Limits().set_lines(fault.settings) != Limits()


@pytest.mark.parametrize("wrong", [{"clients": 3}, {"rate": 0}, {"events": 0}, {"decide_s": -1}])
def test_plan_that_shows_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="4 clients|above 0"):
        DeployPlan(**wrong)
