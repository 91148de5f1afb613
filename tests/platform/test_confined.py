"""A process that is confined: it has limits, reaches nothing of ours, and ends with all that it has started."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from labkit.platform import confined

SLEEPING = "import time; print('ready', flush=True); time.sleep(60)"
PARENT = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEPING!r}], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, os.getpid(), flush=True)
"""


def started(program: str, *, memory: int = 2**40) -> psutil.Popen:
    return confined.start([sys.executable, "-c", program], cpu_s=60, memory=memory, files=64)


def last_line(program: str, **limits: int) -> str:
    """Run a program to its end, and return the last that it has printed."""
    process = started(program, **limits)
    printed = process.stdout.read() + process.stderr.read()
    confined.end(process)
    return str(printed.decode().strip().splitlines()[-1])


def ends(pid: int) -> bool:
    """Whether a process ends within seconds."""
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("then", ["", "time.sleep(60)"])
def test_what_it_has_started_ends_with_it(then: str) -> None:
    """A child in a session of its own, of a program that still runs and of one that has ended."""
    if not then and sys.platform != "linux":
        pytest.skip("only Linux has a process for orphans")
    process = started(f"{PARENT}\nimport time\n{then}")
    child, leader = map(int, process.stdout.readline().split())
    assert psutil.pid_exists(child)
    if not then:
        process.stdout.read()  # until the leader is gone
    confined.end(process, psutil.Process(leader) if then else None)
    assert ends(child)
    assert ends(leader)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize("signal", ["SIGSTOP", "SIGKILL"])
def test_it_ends_although_its_parent_was_stopped_or_killed(signal: str) -> None:
    process = started(
        f"import os, signal\nos.kill(os.getppid(), signal.{signal})\nprint(os.getpid(), flush=True)\n{SLEEPING}"
    )
    pid = int(process.stdout.readline())
    began = time.monotonic()
    confined.end(process, psutil.Process(pid))
    assert ends(pid)
    assert time.monotonic() - began < confined.END_S


def test_its_output_ends_with_it_although_its_parent_is_stopped() -> None:
    """So that its end is seen at once."""
    if sys.platform == "win32":
        pytest.skip("has no such signal")
    process = started("import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\nprint('x')")
    assert process.stdout.read() == b"x\n"
    confined.end(process)


def test_memory_has_a_limit() -> None:
    """macOS has none, and the judge looks itself."""
    if sys.platform == "darwin":
        pytest.skip("refuses this limit")
    assert last_line("bytearray(4 * 1024**3)", memory=2 * 1024**3) == "MemoryError"


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_open_files_have_a_limit() -> None:
    counting = "import os\nwhile True: print(os.open(os.devnull, 0), flush=True)"
    process = started(counting)
    assert process.stdout.read().split()[-1] == b"63"
    confined.end(process)


def test_program_that_does_not_exist_is_named() -> None:
    process = confined.start(["/nowhere/program"], cpu_s=60, memory=2**40, files=64)
    assert b"/nowhere/program" in process.stderr.read()
    confined.end(process)


def test_keeper_imports_nothing_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor from the working folder."""
    for name in ("contextlib", "subprocess", "ctypes", "resource"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = confined.start([sys.executable, "-P", "-E", "-c", "print('ran')"], cpu_s=60, memory=2**40, files=64)
    assert process.stdout.read().strip() == b"ran"
    confined.end(process)


def test_ctrl_c_of_our_terminal_does_not_reach_it() -> None:
    """It is in another group than we are, and so is its keeper."""
    if sys.platform == "win32":
        pytest.skip("has no groups to ask for")
    process = started("import os\nprint(os.getpgid(0), os.getpgid(os.getppid()), flush=True)")
    groups = set(process.stdout.read().split())
    here = subprocess.run([sys.executable, "-c", "import os; print(os.getpgid(0))"], capture_output=True).stdout
    assert len(groups) == 2
    assert here.strip() not in groups
    confined.end(process)
