"""A process that keeps its memory reads without asking the kernel for more."""

import platform
import subprocess
import sys

import pytest

READS = 1_000
READ = f"""
import resource, socket
from labkit.wire.fast.memory import keep_memory
if "%s" == "keep":
    keep_memory()
here, there = socket.socketpair()

def faults():
    began = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({READS}):
        here.send(b"x" * 100)
        there.recv(256 * 1024)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - began

faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators do not learn this way, nor need to")
def test_a_read_costs_no_page_fault() -> None:
    """As asyncio reads: room for 256 KiB. Without it, one or two page faults a read, or the trick is out of date."""
    faults = {}
    for how in ("keep", "usual"):
        done = subprocess.run([sys.executable, "-c", READ % how], capture_output=True, text=True, check=True)
        faults[how] = int(done.stdout)
    assert faults["keep"] < READS / 10 < READS <= faults["usual"]
