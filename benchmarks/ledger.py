"""Break down an idle member's memory by part, and check that the parts add up to the process's growth.

`python -m benchmarks.ledger` runs our server twice with the same members. The first run reads the process's growth from
/proc. The second traces allocations and groups them by source file; it is separate because tracing itself costs memory.
Kernel memory is not part of a process's memory, so it has its own line, read from the kernel's caches if allowed.
"""

import asyncio
import gc
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import click

from benchmarks.compiled import program
from benchmarks.servers import TOKEN
from labkit.platform.processes import rss_kb
from labkit.rules.limits import Limits
from labkit.wire.server import Server

ROOMS, IN_EACH = 100, 20
AUTH_TIMEOUT_S = 2
SETTLED_S = AUTH_TIMEOUT_S + 0.5  # a cancelled timer stays in the event loop's heap until it is due
LIMITS = [f"auth_timeout_s={AUTH_TIMEOUT_S}", "handshakes_per_s=off", "connections=off", "connections_per_address=off"]
PARTS = {  # the source files whose allocations belong to each part
    "library": ("websockets/",),
    "event loop: transport, socket, timer": ("asyncio/", "selectors.py", "socket.py", "/alarm.py", "/listening.py"),
    "session: identity, credential, rate": ("/session.py", "/sessions.py", "/admission.py", "/heartbeat.py"),
    "outbox and due frames": ("/outbox.py", "/send_queue.py"),
    "rooms": ("/rooms.py", "/membership.py", "/messages.py"),
    "connection": ("/connection.py", "/message_assembly.py", "wire/fast/", "/hub.py"),
}
OTHER = "all other"
SOCKET_CACHES = ["TCP", "sock_inode_cache", "filp", "dentry", "eventpoll_epi"]


@click.command()
@click.option("--fast-path", type=click.Choice(["on", "off"]), default="on", show_default=True)
@click.option("--child", type=click.Choice(["traced", "plain"]), hidden=True)
def main(fast_path: str, child: str | None) -> None:
    """Print the memory that an idle member takes, in bytes."""
    if child is not None:
        asyncio.run(_measure(fast_path, traced=child == "traced"))
        return
    parts, (grown, kernel) = ledger(fast_path)
    click.echo(f"| an idle member, fast_path={fast_path} | bytes |\n|---|---|")
    for part, size in parts.items():
        click.echo(f"| {part} | {size:,.0f} |")
    total = sum(parts.values())
    click.echo(f"| sum | {total:,.0f} |\n| growth of the process | {grown:,.0f} ({100 * total / grown - 100:+.1f} %) |")
    click.echo(f"| kernel memory, in addition | {f'{kernel:,.0f}' if kernel else 'not available'} |")


def ledger(fast_path: str) -> tuple[dict[str, float], tuple[float, float]]:
    """Return the size of each part, and the growth of an untraced process and of the kernel, in bytes per member."""
    traced = dict(line.split("\t") for line in _child(fast_path, "traced"))
    grown, kernel = (float(number) for number in _child(fast_path, "plain")[0].split("\t"))
    return {part: float(size) for part, size in traced.items()}, (grown, kernel)


def _child(fast_path: str, mode: str) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.ledger", "--fast-path", fast_path, "--child", mode]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


async def _measure(fast_path: str, *, traced: bool) -> None:
    limits = Limits().set_lines([*LIMITS, f"fast_path={fast_path}"])
    async with Server("127.0.0.1", 0, token=TOKEN, limits=limits) as server:
        warm = await _hold(server, 10, IN_EACH)  # so that one-time allocations do not count
        gc.collect()
        if traced:
            tracemalloc.start()
        before, kernel = rss_kb(os.getpid()), _kernel_bytes()
        crowd = await _hold(server, ROOMS, IN_EACH)
        gc.collect()
        members = ROOMS * IN_EACH
        if traced:
            for part, size in _by_part(tracemalloc.take_snapshot()).items():
                print(f"{part}\t{size / members}")
        else:  # both ends of each connection are on this machine
            print(f"{1024 * (rss_kb(os.getpid()) - before) / members}\t{(_kernel_bytes() - kernel) / members / 2}")
        sys.stdout.flush()
        for generator in (crowd, warm):
            assert generator.stdin is not None
            generator.stdin.close()
            await generator.wait()


async def _hold(server: Server, rooms: int, members: int) -> asyncio.subprocess.Process:
    """Start a generator whose members join and stay until its stdin is closed."""
    generator = await asyncio.create_subprocess_exec(
        *(program("generator"), str(server.port), "hold", f"rooms={rooms}", f"members={members}"),
        env=os.environ | {"DEV_TOKEN": TOKEN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert generator.stdout is not None
    await generator.stdout.readline()
    await asyncio.sleep(SETTLED_S)
    return generator


def _by_part(snapshot: tracemalloc.Snapshot) -> Counter[str]:
    sizes: Counter[str] = Counter(dict.fromkeys([*PARTS, OTHER], 0))
    for statistic in snapshot.statistics("filename"):
        name = statistic.traceback[0].filename.replace("\\", "/")
        part = next((part for part, files in PARTS.items() if any(file in name for file in files)), OTHER)
        sizes[part] += statistic.size
    return sizes


def _kernel_bytes() -> int:
    """Return the size of the kernel's socket caches, or 0 if only root may read it."""
    try:
        lines = Path("/proc/slabinfo").read_text().splitlines()[2:]
    except OSError:
        return 0
    rows = [line.split() for line in lines]
    return sum(int(row[1]) * int(row[3]) for row in rows if row[0] in SOCKET_CACHES)


if __name__ == "__main__":
    main()
