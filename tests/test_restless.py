"""A restless person at each notebook: runs cells twice, too early, interrupts them, restarts and kills the kernel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sitting import Ending, Sitting

COURSE = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LONG = (".live(", "storm(", "await compare(", " review(", "watched(", "run_blocking(")
CALM = {"NameError", "CancelledError", "KeyboardInterrupt", "Unhealthy"}  # each says what to do, in a sentence


every_notebook = pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
pytestmark = [pytest.mark.matrix, pytest.mark.timeout(500)]


@pytest.fixture
def sitting(path: Path) -> Iterator[Sitting]:
    """A kernel; nothing may be left of it."""
    with Sitting(path) as sitting:
        yield sitting
    assert sitting.left() == []


def starts(sitting: Sitting) -> int:
    """The cell that starts the first lab."""
    return next(at for at, cell in enumerate(sitting.cells) if "Lab(" in cell)


def is_long(cell: str) -> bool:
    return any(word in cell for word in LONG)


def well(sitting: Sitting, ending: Ending, at: int) -> None:
    """It ended as it should, without a word on stderr."""
    assert (ending.status, ending.complaints) == ("ok", ""), f"cell {at}: {sitting.cells[at]}\n{ending.says}"


@every_notebook
def test_it_may_be_run_again_and_interrupted(sitting: Sitting) -> None:
    """Each start cell twice, each long cell interrupted and run again; then all of it once more: healthy both times."""
    for at, cell in enumerate(sitting.cells):
        if is_long(cell):
            stopped = sitting.run(at, interrupt_s=1)
            assert stopped.error in ("", "KeyboardInterrupt", "CancelledError")
            assert stopped.status == "ok" or stopped.says.startswith("Interrupted."), stopped.says
        if "Lab(" in cell:
            well(sitting, sitting.run(at), at)
        well(sitting, sitting.run(at), at)
    for at in range(len(sitting.cells)):
        well(sitting, sitting.run(at), at)


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_what_comes_too_early_is_told_so(sitting: Sitting) -> None:
    """After the start cell any later one: it works, or a sentence says what to do; after a restart all of it works."""
    first = starts(sitting)
    for at in range(first + 1):
        if "import" in sitting.cells[at] or at == first:
            sitting.run(at)
    for at in range(first + 1, len(sitting.cells)):
        ending = sitting.run(at, interrupt_s=6)
        assert ending.status == "ok" or ending.error in CALM, f"cell {at}: {sitting.cells[at]}\n{ending.says}"
        assert "Traceback" not in ending.says or ending.error == "Unhealthy", ending.says
        assert "in use" not in ending.says + ending.complaints
    sitting.restart()
    for at in range(len(sitting.cells)):
        well(sitting, sitting.run(at), at)


@every_notebook
def test_nothing_is_left_of_a_kernel_that_is_killed(path: Path) -> None:
    """SIGKILL in the middle of the last long cell, or at the end."""
    with Sitting(path) as sitting:
        last = max((at for at, cell in enumerate(sitting.cells) if is_long(cell)), default=len(sitting.cells) - 1)
        for at in range(last):
            well(sitting, sitting.run(at), at)
        sitting.begin(last)
        sitting.kill(after_s=1.5)
        assert sitting.left() == []
