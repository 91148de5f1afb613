"""The capacity planner: moving a slider changes the answer."""

from dataclasses import replace

import pytest

from labkit.bench.capacity import Costs, Need, plan
from labkit.views.capacity import SLIDERS, CapacityPlanner, picture

COSTS, NEED = Costs(), Need(connections=1_000_000)


def test_answer_at_start_is_plan_of_first_need() -> None:
    made = CapacityPlanner(COSTS, NEED)
    assert made.need == NEED
    assert str(plan(COSTS, NEED)) in made.answer.value


@pytest.mark.parametrize("name", [*SLIDERS, "busy"])
def test_every_assumption_has_a_working_slider(name: str) -> None:
    made = CapacityPlanner(COSTS, NEED)
    assert set(vars(NEED)) == set(made.sliders)
    changed = getattr(NEED, name) / 2
    made.sliders[name].value = changed
    assert getattr(made.need, name) == pytest.approx(changed)
    assert str(plan(COSTS, made.need)) in made.answer.value


def test_picture_has_servers_and_seconds() -> None:
    drawn = picture(COSTS, replace(NEED, connections=1))
    count, back = drawn.axes
    servers = [y for line in count.get_lines() for y in line.get_ydata()]
    assert len(servers) == len(back.get_lines()[0].get_ydata()) == 29
    assert max(servers) > 100 > min(servers)
