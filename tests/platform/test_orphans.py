"""Programs do not outlive a process that is killed: they end with it, and so does the keeper."""

import subprocess
import sys
from pathlib import Path

import psutil

from labkit.platform import orphans, shell
from labkit.platform.children import kill_group
from tests.ports import free_port

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STARTER = f"""
import subprocess, sys, time
from labkit.platform import orphans
from labkit.platform.children import OWN_GROUP

def start():
    child = subprocess.Popen([sys.executable, "-c", {FAMILY!r}], stdout=subprocess.PIPE, text=True, **OWN_GROUP)
    orphans.watch(child.pid)
    return child.pid, int(child.stdout.readline())

kept, let_go = start(), start()
orphans.ended(let_go[0])
if "again" in sys.argv:  # somebody kills the keeper
    orphans._keeper.kill()
    orphans._keeper.wait()
    orphans.ended(start()[0])
print(*kept, *let_go, orphans._keeper.pid, flush=True)
sys.stdin.read()
"""
REVIEWER = """
import asyncio, sys
from labkit.review.hosted_server import Hosted

async def main():
    async with Hosted(sys.argv[1], sys.argv[2]) as server:
        print(server.process._child.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
SERVER = """
import socket, time
with socket.create_server(("127.0.0.1", {port})):
    time.sleep(600)
"""


def gone(*pids: int) -> bool:
    """Whether all of these end. None is a child of ours, so none stays as a zombie."""
    found = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return not psutil.wait_procs(found, 20)[1]


def started(*options: str) -> tuple["subprocess.Popen[str]", list[int]]:
    command = [sys.executable, "-c", STARTER, *options]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    return starter, [int(word) for word in starter.stdout.readline().split()]


def test_killed_process_takes_its_programs_and_their_children_along() -> None:
    """But not one that it has let go."""
    for option in ("once", "again"):
        starter, (program, child, other, its_child, keeper) = started(option)
        with starter:
            starter.kill()
        assert gone(program, child, keeper), option
        assert psutil.pid_exists(other) and psutil.pid_exists(its_child)
        kill_group(other)


def test_process_that_ends_by_itself_leaves_no_keeper() -> None:
    starter, (program, child, other, _, keeper) = started()
    with starter:
        starter.communicate("", timeout=20)
    assert starter.returncode == 0
    assert gone(program, child, keeper)
    kill_group(other)


def test_unknown_program_needs_no_keeper() -> None:
    before = orphans._keeper
    orphans.ended(999_999_999)
    assert orphans._keeper is before


def test_killed_review_leaves_no_server(tmp_path: Path) -> None:
    """It would keep the port from the next review."""
    port = free_port()
    program = tmp_path / "server.py"
    program.write_text(SERVER.format(port=port))
    command = shell.join([sys.executable, str(program)])
    reviewer = subprocess.Popen(
        [sys.executable, "-c", REVIEWER, command, f"ws://127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True
    )
    with reviewer:
        assert reviewer.stdout is not None
        server = int(reviewer.stdout.readline())
        reviewer.kill()
    assert gone(server)
