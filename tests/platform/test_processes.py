"""Memory and processor time of this process, of a child, and of one that is gone; a process that stands still."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from labkit.platform.children import OWN_GROUP, kill_group
from labkit.platform.processes import cpu_s, rss_kb, suspended, tree_rss_kb

GROW = "import sys; kept = bytearray(40_000_000); print('grown', flush=True); sys.stdin.read()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GROW!r}])"


def test_memory_and_time_of_this_process_are_measured() -> None:
    """Work costs time, and Python takes some megabytes."""
    before = cpu_s(os.getpid())
    while cpu_s(os.getpid()) == before:
        sum(range(10_000))
    assert 1_000 < rss_kb(os.getpid()) < 10_000_000


def test_tree_counts_what_a_child_holds() -> None:
    """A script that starts the real program is as large as that program."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None and parent.stdout.readline().strip() == b"grown"
        assert tree_rss_kb(parent.pid) > rss_kb(parent.pid) + 39_000
        parent.communicate()
    assert tree_rss_kb(parent.pid) == 0


@pytest.mark.parametrize("measure", [rss_kb, cpu_s])
def test_process_that_is_gone_is_an_error(measure: object) -> None:
    """Not a zero that looks like a measurement."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(ProcessLookupError, match=str(child.pid)):
        measure(child.pid)  # type: ignore[operator]


BUSY = "print('begun', flush=True)\nwhile True: pass"


@pytest.mark.parametrize("program", [BUSY, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"])
def test_suspended_process_and_its_child_use_no_processor_time(program: str) -> None:
    """And go on afterwards."""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, **OWN_GROUP) as process:
        assert process.stdout is not None and process.stdout.readline().strip() == b"begun"
        family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children())]

        def spent_s() -> float:
            return sum(map(cpu_s, family))

        try:
            with suspended(process.pid):
                time.sleep(0.1)  # the kernel stops a busy process at its next tick
                before = spent_s()
                time.sleep(0.5)
                assert spent_s() == before
            while spent_s() == before:
                time.sleep(0.01)
        finally:
            kill_group(process.pid)


def test_process_that_ends_while_suspended_is_no_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process, suspended(process.pid):
        process.kill()
        process.wait()
