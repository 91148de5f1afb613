"""Rows 1 to 3 and 7: a log that nobody reads, the descriptor limit, who counts as this machine, starts and ends."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets.sync.client as sync
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.black_box.kit import Kit, Running, last
from tests.black_box.talking import Member, code_of, login_by_hand, refusal, request
from tests.black_box.wrong_machine import files, unshare
from tests.pipes import full_pipe

# Row 1: a log that nobody reads


def test_unread_log_with_310_visitors_stops_nobody(kit: Kit) -> None:
    server = kit.serve(stderr=subprocess.PIPE)
    for _ in range(310):
        with sync.connect(server.url, proxy=None, open_timeout=3, close_timeout=3) as visitor:
            visitor.send('{"type":"chat"}')
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                visitor.recv(3)
    assert request(server.port, "GET", "/healthz")[0] == 200
    Member(server.url).ping(timeout=3)
    assert server.ends() == 0


def test_class_with_a_full_pipe_as_log_starts_answers_and_ends(kit: Kit) -> None:
    with full_pipe() as (_, writing):
        school = kit.school("--lan", stderr=writing)
        assert request(school.port, "GET", "/healthz")[0] == 200
        assert school.ends() == 0


def test_cluster_with_a_full_pipe_as_log_outlives_a_server_and_ends(kit: Kit) -> None:
    with full_pipe() as (_, writing):
        cluster = kit.start("cluster", "--servers", "2", "--port", "0", stderr=writing)
        pids = [int(one) for one in Path(f"/proc/{cluster.pid}/task/{cluster.pid}/children").read_text().split()]
        servers = [one for one in pids if b"serve" in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")]
        os.kill(servers[0], signal.SIGKILL)
        time.sleep(1.5)
        try:
            assert cluster.ends() == 0
        finally:
            for one in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)


# Row 2: the descriptor limit


@contextlib.contextmanager
def strangers(port: int, count: int = 124) -> Iterator[None]:
    """Idle TCP connections."""
    with contextlib.ExitStack() as idle:
        for _ in range(count):
            with contextlib.suppress(OSError):
                idle.enter_context(socket.create_connection(("127.0.0.1", port), timeout=1))
        yield


def cpu_s(child: Running) -> float:
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_strangers_at_the_limit_cost_neither_log_nor_cpu(kit: Kit) -> None:
    server = kit.serve(preexec_fn=files(64))
    ana = Member(server.url, room="a")
    spent, began = cpu_s(server), time.monotonic()
    with strangers(server.port):
        while time.monotonic() - began < 4:
            ana.ping()
            time.sleep(0.02)
        spent = (cpu_s(server) - spent) / (time.monotonic() - began)
    lines = server.said.splitlines()
    assert all(map(is_json, lines))
    assert len(lines) < 30
    assert spent < 0.5


def test_connection_beyond_the_limit_gets_503(kit: Kit) -> None:
    server = kit.serve("--set", "auth_timeout_s=60", preexec_fn=files(64))
    with contextlib.ExitStack() as inside:

        def connect_80() -> None:
            for _ in range(80):
                inside.enter_context(sync.connect(server.url, proxy=None, open_timeout=2))

        with pytest.raises(InvalidStatus) as refused:
            connect_80()
    assert refused.value.response.status_code == 503


def test_class_at_the_limit_does_not_fill_its_log(kit: Kit) -> None:
    school = kit.school(preexec_fn=files(64))
    with strangers(school.port):
        time.sleep(2)
    lines = school.said.splitlines()
    assert len(lines) < 30 and not any("Traceback" in line for line in lines)


# Row 3: this machine only

FROM_ELSEWHERE = {
    "Host": "chat.example.org",
    "X-Real-IP": "10.0.0.1",
    "Via": "1.1 proxy",
    "X-Forwarded-Proto": "https",
    "CF-Connecting-IP": "10.0.0.1",
    "Origin": "null",
}


@pytest.mark.parametrize("header", FROM_ELSEWHERE)
def test_token_that_everybody_knows_does_not_open_from_elsewhere(header: str, kit: Kit) -> None:
    assert login_by_hand(kit.serve().port, {header: FROM_ELSEWHERE[header]}) in (4403, 403)


def test_page_without_origin_is_let_in_by_option_and_by_a_token_of_its_own(kit: Kit) -> None:
    server = kit.serve("--allow-origin", "null")
    assert login_by_hand(server.port, {"Origin": "null"}) == "auth_ok"
    server = kit.start("serve", "--port", "0", "--token", "random")
    token = re.search(rb"token:? +([A-Za-z0-9_-]{12,})", server.printed)
    assert token, server.printed
    assert login_by_hand(server.port, {"Origin": "null"}, token[1].decode()) == "auth_ok"


# Row 7: starts and ends


def test_audit_on_a_full_disk_is_named(kit: Kit) -> None:
    (kit.folder / "disk").mkdir()
    fill = 'mount -t tmpfs -o size=16k tmpfs disk && (cat /dev/zero > disk/full; exec "$0" "$@")'
    before = (*unshare("-m"), "sh", "-c", fill)
    done = kit.run("serve", "--port", "0", "--audit", "disk/room.db", before=before, timeout=30)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert re.search("space|full", last(done.stderr)) and "listen" not in last(done.stderr)


def test_full_disk_behind_stdout_is_named(kit: Kit) -> None:
    with open("/dev/full", "w") as full:
        done = kit.run("serve", "--port", "0", stdout=full, timeout=30)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "listen on" not in last(done.stderr)


def test_closed_terminal_drains_a_server(kit: Kit) -> None:
    server = kit.serve()
    ana = Member(server.url)
    server.send_signal(signal.SIGHUP)
    with pytest.raises(ConnectionClosed) as closed:
        ana.next()
    assert (code_of(closed.value), server.wait(20)) == (1012, 0)


@pytest.mark.guard
def test_nohup_outlives_its_terminal(kit: Kit) -> None:
    server = kit.serve(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    server.send_signal(signal.SIGHUP)
    time.sleep(0.7)
    assert server.poll() is None
    assert refusal(server.url) is None


def test_closed_terminal_ends_a_class(kit: Kit) -> None:
    school = kit.school()
    school.send_signal(signal.SIGHUP)
    assert school.wait(20) == 0


def test_class_without_a_route_asks_for_its_address_and_prints_no_slips(kit: Kit) -> None:
    (kit.folder / "roster.csv").write_text("name\nana\n")
    options = ("--lan", "--tls", "--port", "0", "--roster", "roster.csv", "--hand-out", "slips")
    alone = (*unshare("-n"), "sh", "-c", 'ip link set lo up; exec "$0" "$@"')
    try:
        done = kit.run("class", "start", "c", *options, before=alone, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.fail(f"it starts; its slips: {(kit.folder / 'slips').read_text()[:300]}")
    assert done.returncode == 2 and "--url" in done.stderr
    assert not (kit.folder / "slips").exists()


def test_other_version_of_the_protocol_is_told_ours(kit: Kit) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "8"}
    status, _, got = request(kit.serve().port, "GET", "/", headers | {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert status in (400, 426) and got.getheader("Sec-WebSocket-Version") == "13"
