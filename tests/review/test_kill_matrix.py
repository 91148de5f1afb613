"""The kill matrix of servers: exactly the listed probes find each planted fault."""

import asyncio
import inspect

import pytest

from labkit.broken import SERVER_FAULTS, broken
from tests.review.calm import TURN_S, CalmClock, calmly
from tests.review.matrix import OURS, Found, differing

PROCESSES = 2
LONGEST_S = 400  # a minute on an idle machine
UNKNOWN = {"slow/6"}  # needs a pid, but these servers run in the reviewer's process
LONGEST_FIRST = ("unbounded_outbox", "close_without_deadline")


async def matrix() -> Found:
    """Review every broken server, and ours; return what was found."""
    rest = [OURS, *(fault for fault in SERVER_FAULTS if fault not in LONGEST_FIRST)]
    faults = [*LONGEST_FIRST, *rest]
    found: Found = {}
    shares = [calmly("tests.review.matrix", faults[at::PROCESSES]) for at in range(PROCESSES)]
    for part in await asyncio.gather(*shares):
        found |= part
    return found


def flips(found: Found) -> dict[str, list[str]]:
    """Return the differences from the lists."""
    return differing(found, lambda fault: frozenset(broken(fault).found_by), UNKNOWN)


@pytest.mark.alone("two processes compute all the time: beside other tests they take minutes")
@pytest.mark.timeout(LONGEST_S)
def test_planted_fault_is_found_by_exactly_the_listed_probes() -> None:
    """Nothing is found in our own server, which runs among them."""
    assert len(SERVER_FAULTS) >= 25
    found = asyncio.run(matrix())
    assert set(found) == {OURS, *SERVER_FAULTS}
    assert flips(found) == {}


@pytest.mark.matrix
@pytest.mark.timeout(LONGEST_S)
@pytest.mark.parametrize("round_", range(5))
def test_kill_matrix_repeated_gives_the_same_result(round_: int) -> None:
    """Five runs agree."""
    assert flips(asyncio.run(matrix())) == {}


def test_every_fault_has_few_lines_and_a_probe() -> None:
    """At most 40 lines, a docstring, and at least one probe that finds it."""
    for fault in SERVER_FAULTS:
        server = broken(fault)
        assert inspect.getsource(server).count("\n") <= 40, fault
        assert server.__doc__, fault
        assert server.found_by, fault


def test_matrix_clock_stops_while_the_machine_is_busy() -> None:
    """Time beyond the share of a turn does not count; the requested wait does."""
    now = [100.0]
    clock = CalmClock(lambda: now[0])
    began = clock()
    now[0] += 3  # the process was suspended
    assert clock() - began == pytest.approx(TURN_S)
    clock.select(0)
    now[0] += TURN_S / 2  # a turn of usual length
    assert clock() - began == pytest.approx(1.5 * TURN_S)
    clock.close()
