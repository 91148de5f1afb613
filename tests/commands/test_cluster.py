"""`labkit cluster`: a broker and servers in one command, which end with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.bench.launch import nats_process
from labkit.bench.launch.cluster import Cluster
from labkit.bench.launch.nats_process import NatsProcess, NoNats
from labkit.cli import main
from labkit.platform.packages import missing
from tests.hangup import heeded
from tests.wire.raw import Raw

TOKEN = "a-token-for-a-cluster"


@contextmanager
def cluster(*options: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """Run the command; yields where its servers listen."""
    command = [sys.executable, "-m", "labkit", "cluster", "--port", "0", "--with-parent", *options]
    environment = {**os.environ, "DEV_TOKEN": TOKEN}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "servers share their rooms through nats://127.0.0.1:" in first, process.stderr and process.stderr.read()
        count = int(first.split()[0]) if "--ports" in options else 1
        yield process, [process.stdout.readline().split()[-1] for _ in range(count)]
    finally:
        process.kill()
        process.communicate()


def children(pid: int) -> set[int]:
    """The processes that descend from one, by name or parent."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found |= {int(entry.name), *children(int(entry.name))}
    return found


def lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_servers_on_two_ports_share_a_room() -> None:
    with cluster("--servers", "2", "--ports") as (process, urls):
        assert len(set(urls)) == 2
        one, two = [await Raw.enter(url, TOKEN, "room:x") for url in urls]
        one.chat("room:x", "hi")
        assert (await two.hear("chat"))["text"] == "hi"
        process.send_signal(signal.SIGTERM)
        assert (await one.ending())[0] == 1012
        assert process.wait(20) == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_cluster_killed_leaves_nothing() -> None:
    """kill -9: the servers and the broker notice it and end."""
    with cluster("--servers", "2") as (process, _):
        family = children(process.pid)
        assert len(family) >= 4
        process.kill()
        ends = time.monotonic() + 20
        while any(lives(pid) for pid in family) and time.monotonic() < ends:
            time.sleep(0.05)
        assert [pid for pid in family if lives(pid)] == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize(("number", "half"), [(signal.SIGTERM, 1), (signal.SIGHUP, 3)])
def test_cluster_ended_while_starting_leaves_nothing(number: signal.Signals, half: int, tmp_path: Path) -> None:
    """The broker or a server may run by then; it ends too, and its folder is deleted."""
    with heeded():
        process = subprocess.Popen(
            [sys.executable, "-m", "labkit", "cluster", "--port", "0", "--servers", "2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            start_new_session=True,
        )
    ends = time.monotonic() + 30
    while len(family := children(process.pid)) < half and time.monotonic() < ends:
        time.sleep(0.001)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (2, "")
    assert "interrupted before the servers were ready" in stderr
    assert [pid for pid in family if lives(pid)] == []
    assert list(tmp_path.iterdir()) == []


def test_cluster_ends_with_its_parent() -> None:
    """Its stdin closes, so it drains."""
    with cluster("--servers", "1") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
        process.stdin = None


async def test_store_kept_is_used_again(tmp_path: Path) -> None:
    """Rooms, sequence numbers and the key: a credential of the first run is valid in the second."""
    store = tmp_path / "store"
    with cluster("--servers", "1", "--store", str(store)) as (process, urls):
        one = await Raw.enter(urls[0], TOKEN, "room:x")
        one.chat("room:x", "hi")
        await one.hear("chat")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (store / "cluster.key").stat().st_mode & 0o077 == 0
    with cluster("--servers", "1", "--store", str(store)) as (_, urls):
        back = await Raw.enter(urls[0], one.ok["resume"], "room:x")
        assert back.ok["userId"] == one.ok["userId"]
        back.chat("room:x", "again")
        assert (await back.hear("chat"))["seq"] == 2
        back.drop()


def test_nats_server_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(nats_process.shutil, "which", lambda _: None)
    done = CliRunner().invoke(main, ["cluster", "--port", "0"])
    assert done.exit_code == 2
    assert missing("nats_server") in done.stderr


def test_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    first = NatsProcess(tmp_path / "one")
    first.start()
    try:
        with pytest.raises(NoNats, match="address already in use"):
            NatsProcess(tmp_path / "two", first.port).start()
    finally:
        first.terminate()
    assert first.pid is None


def test_servers_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a cluster needs at least one server"):
        Cluster(0, tmp_path)


def test_broker_without_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLUSTER_KEY", raising=False)
    done = CliRunner().invoke(main, ["serve", "--broker", "nats://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "--broker needs CLUSTER_KEY in the environment" in done.stderr
    monkeypatch.setenv("CLUSTER_KEY", json.dumps("secret"))
    done = CliRunner().invoke(main, ["serve", "--broker", "nats://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "the key must be 64 hex digits" in done.stderr
    assert "secret" not in done.stderr
