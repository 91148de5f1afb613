"""Which probes run, in which order, and what a budget leaves out."""

import pytest

from labkit.review.dialect import Dialect
from labkit.review.planning import estimate_s, missing_premise, plan
from labkit.review.probes import PROBES
from labkit.review.promised_limits import Promised
from labkit.review.server_review import select

BY_ID = {probe.id: probe for probe in PROBES}


def test_every_probe_is_planned_once() -> None:
    for promised in (Promised(), Promised().set_lines(["ping_interval_s=0.5", "outbox_age_s=1"])):
        whole = plan(PROBES, promised, Dialect())
        planned = [probe.id for probe in (*whole.together, *whole.alone, *whole.waiting, *whole.quiet)]
        assert sorted([*planned, *whole.left_out]) == sorted(BY_ID)
        assert {probe.alone for probe in (*whole.together, *whole.waiting)} == {False}


def test_probes_that_wait_run_beside_the_slow_chapter() -> None:
    """Their time is shared: the estimate is less than the sum."""
    whole = plan(select("core"), Promised(), Dialect())
    assert [probe.id for probe in whole.waiting] == ["auth/4", "auth/5", "heartbeat/2"]
    assert {probe.chapter for probe in whole.quiet} == {"slow"}
    total = sum(estimate_s(probe, Promised()) for probe in select("core"))
    assert whole.estimate_s(Promised()) < total


def test_budget_puts_the_most_severe_first_and_leaves_out_what_waits_longer() -> None:
    whole = plan(select("core"), Promised(), Dialect(), 30)
    assert "too much for a budget of 30 s" in whole.left_out["heartbeat/2"]
    for group in (whole.together, whole.alone):
        severities = [probe.severity for probe in group]
        assert severities == sorted(severities)
    without = [probe.severity for probe in plan(select("core"), Promised(), Dialect()).together]
    assert without != sorted(without)
    assert plan(select("core"), Promised(), Dialect(), 300).left_out == {}


@pytest.mark.parametrize(
    ("dialect", "probe", "reason"),
    [
        (Dialect(no_messages=("auth",)), "auth/6", "does not apply: the server has no auth message"),
        (Dialect(no_messages=("auth",)), "rooms/1", ""),
        (Dialect(path="/rooms/$ROOM"), "validation/4", "does not apply: the server has no join message"),
        (Dialect(), "auth/6", ""),
    ],
)
def test_probe_without_its_premise_is_left_out_with_the_reason(dialect: Dialect, probe: str, reason: str) -> None:
    assert missing_premise(BY_ID[probe], dialect) == reason
