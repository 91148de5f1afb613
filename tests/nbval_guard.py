"""A pytest plugin: one run of a notebook under nbval answers four questions.

queued    all cells are sent at once, as Run All sends them: a cell that is silently lost gets no answer, and is red
compared  strict nbval compares what each cell shows with what is saved
told      where nbval compared, a lie in place of each saved output would have been red: nothing passes by accident
looked    once its server is killed, the last cell is red: `lab.health()` really asks (an exercise ends with a check)

After a cell that times out or kills the kernel, nbval marks the rest as expected failures, and a run of nothing but
those would pass. Here every cell must pass. `--one-at-a-time` sends a cell when the one before has ended, as a person
does who reads on in between.
"""

import copy
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

from tests import notebook_guards as guards

LIE = "what no cell shows\n"
ANSWER_S = 30
LOOK, KILL = "lab.health()", "lab.kill()"


class Accidental(Exception):
    """A cell passed, and would have passed whatever it did."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how cells are sent."""
    parser.addoption(
        "--one-at-a-time", type=int, default=0, help="notebooks: 1: send no cell before the last has ended"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run."""
    config.pluginmanager.register(Outcomes(), "nbval-outcomes")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Run one cell."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    if not item.config.getoption("--one-at-a-time"):
        queue(item)
    compared = tell_lies(item)
    yield
    if guards.is_compared(item.cell) and not compared:
        raise Accidental("nbval compared nothing in this cell")
    if item is cells_of(item)[-1] and LOOK in item.cell.source:
        look_again(item)
    return None


def cells_of(item: IPyNbCell) -> Sequence[IPyNbCell]:
    """The cells of this notebook that are run."""
    return [each for each in item.session.items if each.parent is item.parent]


def queue(item: IPyNbCell) -> None:
    """With its first cell the kernel is sent all of them; nbval then waits for each answer in turn."""
    kernel = item.parent.kernel
    if not hasattr(kernel, "queued"):
        kernel.queued = {each: kernel.execute_cell_input(each.cell.source, False) for each in cells_of(item)}
    kernel.execute_cell_input = lambda *_, **__: kernel.queued[item]


def tell_lies(item: IPyNbCell) -> list[bool]:
    """Have each comparison of this cell made with lies too, which must differ. Filled when nbval compares."""
    compare, compared = item.compare_outputs, []

    def honest(shown: Any, saved: Any, *rest: Any) -> bool:
        compared.append(True)
        for lie in lies(saved):
            if compare(shown, lie, *rest):
                raise Accidental("a saved output may say anything here, and nbval is content")
        return bool(compare(shown, saved, *rest))

    item.compare_outputs = honest
    return compared


def lies(saved: list[Any]) -> list[list[Any]]:
    """The saved outputs again and again, each time with another one that says something else."""
    told = []
    for number, output in enumerate(saved):
        if guards.text_of(output) is not None:
            copied = copy.deepcopy(saved)
            told.append(copied)
            if output["output_type"] == "stream":
                copied[number]["text"] = LIE
            else:
                copied[number]["data"]["text/plain"] = LIE
    return told


def look_again(last: IPyNbCell) -> None:
    """Kill the lab's server; whoever looks now sees it."""
    answer(last.parent.kernel, KILL)
    if answer(last.parent.kernel, last.cell.source).get("ename") != "Unhealthy":
        raise Accidental("the last cell is content with a dead server")


def answer(kernel: RunningKernel, source: str) -> Any:
    """What the kernel says of one more cell."""
    asked = RunningKernel.execute_cell_input(kernel, source, False)
    while True:
        message = kernel.get_message("shell", timeout=ANSWER_S)
        if message["parent_header"].get("msg_id") == asked:
            return message["content"]


class Outcomes:
    """Counts the cells that did not plainly pass."""

    def __init__(self) -> None:
        self.evasive: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at one phase of one cell."""
        is_cell = ".ipynb::" in report.nodeid
        if is_cell and (report.skipped or getattr(report, "wasxfail", None) is not None):
            self.evasive.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that only looks green."""
        if session.exitstatus == pytest.ExitCode.OK and self.evasive:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        for cell in self.evasive:
            terminalreporter.write_line(f"NOT COMPARED {cell}: skipped or expected to fail", red=True)
