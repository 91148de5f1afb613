"""The kill matrix: broken servers against probes. Each fault is found by exactly the probes listed beside it."""

import asyncio
import inspect

import pytest

from labkit.broken import SERVER_FAULTS, broken
from tests.review.calm import TURN_S, CalmClock, calmly
from tests.review.matrix import OURS, Found, differing

PROCESSES = 2
LONGEST_S = 400  # a minute where nothing else runs
UNKNOWN = {"slow/6"}  # needs a pid, and these servers live in the reviewer's process
LONGEST_FIRST = ("unbounded_outbox", "close_without_deadline")


async def matrix() -> Found:
    """What was found in each broken server, and in ours among them."""
    rest = [OURS, *(fault for fault in SERVER_FAULTS if fault not in LONGEST_FIRST)]
    faults = [*LONGEST_FIRST, *rest]
    found: Found = {}
    shares = [calmly("tests.review.matrix", faults[at::PROCESSES]) for at in range(PROCESSES)]
    for part in await asyncio.gather(*shares):
        found |= part
    return found


def flips(found: Found) -> dict[str, list[str]]:
    """What differs from the lists."""
    return differing(found, lambda fault: frozenset(broken(fault).found_by), UNKNOWN)


@pytest.mark.alone("two processes that compute all the time: beside others it takes minutes, and so do they")
@pytest.mark.timeout(LONGEST_S)
def test_every_planted_fault_is_found_by_exactly_the_probes_listed() -> None:
    """And nothing is found in our own server, run among them."""
    assert len(SERVER_FAULTS) >= 25
    found = asyncio.run(matrix())
    assert set(found) == {OURS, *SERVER_FAULTS}
    assert flips(found) == {}


@pytest.mark.matrix
@pytest.mark.timeout(LONGEST_S)
@pytest.mark.parametrize("round_", range(5))
def test_the_kill_matrix_does_not_flip(round_: int) -> None:
    """Five times the same."""
    assert flips(asyncio.run(matrix())) == {}


def test_every_fault_says_what_it_is_in_few_lines() -> None:
    """At most 40 lines, a docstring, and at least one probe that finds it."""
    for fault in SERVER_FAULTS:
        server = broken(fault)
        assert inspect.getsource(server).count("\n") <= 40, fault
        assert server.__doc__, fault
        assert server.found_by, fault


def test_the_clock_of_the_matrix_stands_still_while_the_machine_is_busy() -> None:
    """What a turn takes beyond its share is no time that passed; what it was asked to wait is."""
    now = [100.0]
    clock = CalmClock(lambda: now[0])
    began = clock()
    now[0] += 3  # the process was not run
    assert clock() - began == pytest.approx(TURN_S)
    clock.select(0)
    now[0] += TURN_S / 2  # a turn of usual length
    assert clock() - began == pytest.approx(1.5 * TURN_S)
    clock.close()
