"""Programs that we start: all of them end, and a terminal's Ctrl-C passes them by."""

import os
import subprocess
import sys

import psutil

from labkit.platform.children import OWN_GROUP, end_by_stdin, kill_group

FAMILY = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); print(1, flush=True); input()"


def test_a_program_ends_with_all_that_it_started() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **OWN_GROUP
    ) as program:
        assert program.stdout is not None and program.stdout.readline()
        (child,) = psutil.Process(program.pid).children()
        kill_group(program.pid)
        program.wait(20)
        gone, alive = psutil.wait_procs([child], 20)
        assert gone and not alive
        kill_group(program.pid)  # has ended: nothing happens


def test_a_program_is_out_of_the_terminals_reach() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **OWN_GROUP) as program:
        assert os.getpgid(program.pid) != os.getpgid(0)
        end_by_stdin(program)
        end_by_stdin(program)
        assert program.wait(20) == 1  # EOFError
