"""The kill matrix: broken servers against probes. Each fault is found by exactly the probes listed beside it."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from labkit.broken import FAULTS, found_by
from tests.review.matrix import OURS

Found = dict[str, dict[str, dict[str, str]]]
PROCESSES = 2
LONGEST_S = 400  # a minute where nothing else runs
UNKNOWN = {"slow/6"}  # needs a pid, and these servers live in the reviewer's process
LONGEST_FIRST = ("unbounded_outbox", "close_without_deadline")


async def matrix() -> Found:
    """What was found in each broken server, and in ours among them."""
    rest = [OURS, *(fault for fault in FAULTS if fault not in LONGEST_FIRST)]
    faults = [*LONGEST_FIRST, *rest]
    found: Found = {}
    for part in await asyncio.gather(*(_matrix_of(faults[at::PROCESSES]) for at in range(PROCESSES))):
        found |= part
    return found


async def _matrix_of(faults: list[str]) -> Found:
    command = [sys.executable, "-m", "tests.review.matrix", *faults]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        out, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    assert child.returncode == 0
    found: Found = json.loads(out)
    return found


def flips(found: Found) -> dict[str, list[str]]:
    """What differs from the lists, by fault: `+` found and not listed, `-` listed and not found, `?` unknown."""
    wrong = {}
    for fault, seen in found.items():
        wanted = frozenset() if fault == OURS else found_by(fault)
        broken, unknown = seen["broken"], seen["unknown"]
        differs = [f"+{one}: {actual}" for one, actual in broken.items() if one not in wanted]
        differs += [f"-{one}" for one in sorted(wanted - set(broken))]
        differs += [f"?{one}: {actual}" for one, actual in unknown.items() if one not in UNKNOWN]
        if differs:
            wrong[fault] = differs
    return wrong


@pytest.mark.matrix  # on a machine busy with other things, probes with one-second deadlines still flip now and then
@pytest.mark.timeout(LONGEST_S)
def test_every_planted_fault_is_found_by_exactly_the_probes_listed() -> None:
    """And nothing is found in our own server, run among them."""
    assert len(FAULTS) >= 25
    found = asyncio.run(matrix())
    assert set(found) == {OURS, *FAULTS}
    assert flips(found) == {}


@pytest.mark.matrix
@pytest.mark.parametrize("round_", range(5))
def test_the_kill_matrix_does_not_flip(round_: int) -> None:
    """Five times the same."""
    assert flips(asyncio.run(matrix())) == {}


def test_every_fault_says_what_it_is_in_few_lines() -> None:
    """At most 40 lines, a docstring, and at least one probe that finds it."""
    folder = Path(__file__).parent.parent.parent / "labkit" / "broken"
    for fault in FAULTS:
        text = (folder / f"{fault}.py").read_text()
        assert text.count("\n") <= 40, fault
        assert found_by(fault), fault
