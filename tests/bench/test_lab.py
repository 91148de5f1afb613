"""The lab: start, stop, restart, health, and what it leaves behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

import labkit
from labkit.bench.hop import Hop
from labkit.bench.launch.lab import Health, Lab, Unhealthy
from labkit.bench.launch.server_process import ServerDied, ServerProcess
from labkit.bench.population import Population
from labkit.faults import Proxy
from labkit.rules.limits import BadLimit
from labkit.views import ages, largest_outboxes, outboxes, round_trips
from labkit.wire.client.state import ClientState, Refused


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as made:
        yield made


def runs(pid: int) -> bool:
    """Return whether a process is alive and no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pid: int, seconds: float = 10.0) -> bool:
    ends = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < ends:
        time.sleep(0.05)
    return not runs(pid)


def test_lab_two_clients_exchange_messages(lab: Lab) -> None:
    ana, ben = labkit.run(lab.client("ana")), labkit.run(lab.client("ben"))
    sender, receiver = labkit.run(ana.join("room:demo")), labkit.run(ben.join("room:demo"))
    event = labkit.run(sender.chat("hello"))
    assert labkit.run(anext(aiter(receiver))) == event
    assert (ana.user_id, event["userId"]) == ("ana", "ana")
    assert lab.health() == Health(2)


def test_lab_same_client_name_replaces_the_first(lab: Lab) -> None:
    first = labkit.run(lab.client("ana"))
    second = labkit.run(lab.client("ana"))
    assert first.state is ClientState.STOPPED
    assert second.state is ClientState.OPEN
    assert lab.health() == Health(1)


def test_lab_same_context_name_replaces_the_first(lab: Lab) -> None:
    first = labkit.run(lab.enter("proxy", Proxy(lab.url)))
    ben = labkit.run(lab.client("ben", url=first.url))
    second = labkit.run(lab.enter("proxy", Proxy(lab.url)))
    with pytest.raises(RuntimeError, match="the proxy is not running"):
        _ = first.url
    labkit.run(lab.leave("ben"))
    assert ben.state is ClientState.STOPPED
    assert lab.health() == Health(0)
    lab.stop()
    with pytest.raises(RuntimeError, match="the proxy is not running"):
        _ = second.url


def test_population_interrupted_start_leaves_no_client(lab: Lab) -> None:
    with pytest.raises(TimeoutError):
        labkit.run(lab.enter("population", Population(lab, members=400)), timeout=0.1)
    ends = time.monotonic() + 10
    while lab.clients and time.monotonic() < ends:
        time.sleep(0.05)
    assert lab.health() == Health(0)


def test_lab_interrupted_start_is_stopped_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(process: ServerProcess, *_: object) -> str:
        raise KeyboardInterrupt

    first = Lab(name="interrupted")
    with monkeypatch.context() as patched:
        patched.setattr(ServerProcess, "_wait_until_ready", interrupted)
        with pytest.raises(KeyboardInterrupt):
            first.start()
    pid = first.pid
    with Lab(name="interrupted"):
        assert pid is not None and wait_until_gone(pid)


def test_lab_concurrent_restarts_keep_one_server(lab: Lab) -> None:
    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(lab.restart) for _ in range(2)]:
            done.result(30)
    assert lab.health() == Health(0)


def test_lab_restart_after_stop_is_refused() -> None:
    lab = Lab(name="late").start()
    lab.stop()
    with pytest.raises(RuntimeError, match="this lab was stopped"):
        lab.restart()
    assert lab.pid is None


def test_lab_unknown_user_is_refused(lab: Lab) -> None:
    with pytest.raises(ValueError, match="'zoe' is not a user of this lab; its users are ana, ben"):
        labkit.run(lab.client("zoe"))


def test_lab_guest_connects_with_the_dev_token(lab: Lab) -> None:
    assert str(labkit.run(lab.client()).user_id).startswith("user-")


def test_lab_sampler_fills_the_store(lab: Lab) -> None:
    labkit.run(lab.client("ana"))
    ends = time.monotonic() + 10
    while "largest buffer bytes: ana" not in lab.store.names() and time.monotonic() < ends:
        time.sleep(0.05)
    assert lab.store.window("round trip ms: ana").values[0] > 0
    assert lab.store.window("largest buffer bytes: ana").values[0] > 0


def test_lab_samples_what_a_hop_holds(lab: Lab) -> None:
    hop = labkit.run(lab.enter("hop", Hop(lab.url)))
    hop.held_bytes += 3000  # as if a member behind it did not read
    ends = time.monotonic() + 10
    while "held kB: hop" not in lab.store.names() and time.monotonic() < ends:
        time.sleep(0.05)
    assert 3 in lab.store.window("held kB: hop").values


def test_lab_follows_a_user_who_is_no_client_of_the_lab(lab: Lab) -> None:
    series = largest_outboxes("dan").series()[0]
    lab.follow("dan")
    stranger = labkit.run(labkit.connect(lab.url, labkit.run(lab.ticket("dan"))).__aenter__())
    while not any(lab.store.window(series).values):
        time.sleep(0.02)
    labkit.run(stranger.close())
    assert "dan" not in lab.clients
    assert max(lab.store.window(series).values) > 0


def test_lab_charts_name_series_that_a_lab_measures(lab: Lab) -> None:
    labkit.run(lab.client("ana"))
    wanted = [chart("ana").series()[0] for chart in (ages, largest_outboxes, outboxes, round_trips)]
    while not all(lab.store.window(name).values for name in wanted):
        time.sleep(0.02)
    assert set(wanted) <= set(lab.store.names())


def test_health_reports_a_dead_server(lab: Lab) -> None:
    lab.kill()
    with pytest.raises(Unhealthy, match="the server is not running"):
        lab.health()


def test_health_reports_a_dead_task(lab: Lab) -> None:
    async def die() -> None:
        raise LookupError("planted")

    task = lab.spawn(die())
    with pytest.raises(LookupError):
        task.result(5)
    with pytest.raises(Unhealthy, match="planted"):
        lab.health()


def test_health_reports_a_task_that_nobody_awaited(lab: Lab) -> None:
    async def die() -> None:
        raise LookupError("nobody looks")

    async def leave_alone() -> None:
        tasks = {asyncio.create_task(die())}
        await asyncio.sleep(0.05)
        tasks.clear()

    labkit.run(leave_alone())
    with pytest.raises(Unhealthy, match="nobody looks"):
        lab.health()


def test_health_reports_a_leaked_socket(lab: Lab) -> None:
    stray = labkit.connect(lab.url, lab.token)
    labkit.run(stray.__aenter__())
    with pytest.raises(Unhealthy, match="1 connections were opened and not closed"):
        lab.health()
    labkit.run(stray.close())


def test_lab_clients_reconnect_after_kill_and_restart(lab: Lab) -> None:
    ana = labkit.run(lab.client("ana"))
    room = labkit.run(ana.join("room:demo"))
    first = labkit.run(room.chat("before"))
    url = lab.url
    lab.kill()
    lab.restart()
    assert lab.url == url
    assert labkit.run(room.chat("after"), timeout=30)["seq"] == first["seq"] + 1
    assert lab.health() == Health(1)


def test_lab_stalled_server_closes_no_client() -> None:
    """Pong deadlines start at its own ping, and it reads waiting input before it checks them."""
    users = tuple(f"member-{number}" for number in range(20))
    with Lab(name="still", users=users, ping_interval_s=0.5, ping_timeout_s=1) as lab:
        clients = [labkit.run(lab.client(name)) for name in users]
        for calm_s in (0.6, 0.8, 1.0):
            time.sleep(calm_s)
            with lab.suspended():
                time.sleep(2)
        time.sleep(1.5)
        assert [client.log.of("closed") for client in clients if client.log.of("closed")] == []


def test_lab_second_start_stops_the_first() -> None:
    first = Lab(name="again").start()
    client = labkit.run(first.client("ana"))
    pid, folder = first.pid, first.audit.parent
    with Lab(name="again") as second:
        assert pid is not None and wait_until_gone(pid)
        assert not folder.exists()
        assert client.state is ClientState.STOPPED
        assert second.health() == Health(0)


def test_lab_stop_leaves_nothing_behind(lab: Lab) -> None:
    labkit.run(lab.client("ana"))
    pid, folder = lab.pid, lab.audit.parent
    assert folder.is_dir() and pid is not None and runs(pid)
    lab.stop()
    lab.stop()
    assert wait_until_gone(pid)
    assert not folder.exists()


def test_lab_server_ends_with_a_killed_parent() -> None:
    program = "import labkit, time; lab = labkit.Lab().start(); print(lab.pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    assert runs(server)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until_gone(server)


def test_lab_server_has_its_own_process_group(lab: Lab) -> None:
    """A notebook's interrupt button signals the kernel's whole process group."""
    assert lab.pid is not None
    assert os.getpgid(lab.pid) != os.getpgid(0)


def test_lab_limits_reach_the_server() -> None:
    with Lab(rooms_per_connection=1, messages_per_s=None, name="limits") as lab:
        ana = labkit.run(lab.client("ana"))
        labkit.run(ana.join("room:one"))
        with pytest.raises(Refused, match="room_limit"):
            labkit.run(ana.join("room:two"))
    with pytest.raises(BadLimit, match="outbox_byte"):
        Lab(outbox_byte=1)


def test_lab_restart_drains_the_server(lab: Lab) -> None:
    ana = labkit.run(lab.client("ana"))
    lab.restart()
    assert lab.health() == Health(1)
    assert ana.log.of("closed")[0].detail["code"] == 1012


def test_lab_command_line_contains_no_secret(lab: Lab) -> None:
    """Every user can list processes."""
    command = Path(f"/proc/{lab.pid}/cmdline").read_text()
    assert lab.token not in command
    for secret in lab._config.codes.values():
        assert secret not in command


def test_lab_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match=r"call start\(\)"):
        _ = Lab().url


def test_server_process_failed_start_shows_the_log() -> None:
    process = ServerProcess({}, ["--set", "outbox_bytes=-1"])
    with pytest.raises(ServerDied, match="outbox_bytes"):
        process.start()


class Silent(ServerProcess):
    """As a start on a machine that is busy: it prints nothing for longer than anybody waits."""

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-c", "input()"]


def test_server_that_prints_nothing_in_time_says_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.bench.launch.server_process.START_S", 0.5)
    with pytest.raises(ServerDied, match=r"nothing for 0\.5 s; end other programs, and try again"):
        Silent({}).start()


def test_server_process_terminate_returns_0() -> None:
    process = ServerProcess({"DEV_TOKEN": "a-token-of-this-test"})
    process.start()
    assert process.terminate() == 0
    process.start()
    assert process.kill() == -signal.SIGKILL


def test_lab_in_thread_exposes_the_server() -> None:
    with Lab(name="thread", in_thread=True) as lab:
        ana = labkit.run(lab.client("ana"))
        room = labkit.run(ana.join("room:inside"))
        labkit.run(room.chat("hello"))
        assert len(lab.inside.hub.state.rooms) == 1
        lab.restart(rooms_per_connection=1)
        assert labkit.run(room.chat("again"), timeout=20)["seq"] == 2
        assert lab.inside.limits.rooms_per_connection == 1
        assert lab.health() == Health(1)


def test_lab_in_thread_is_killed_without_a_close_frame() -> None:
    with Lab(name="thread", in_thread=True) as lab:
        ana = labkit.run(lab.client("ana"))
        room = labkit.run(ana.join("room:inside"))
        labkit.run(room.chat("hello"))
        lab.kill()
        lab.kill()
        with pytest.raises(Unhealthy, match="the server is not running"):
            lab.health()
        lab.restart()
        assert labkit.run(room.chat("again"), timeout=20)["seq"] == 2
        assert ana.log.of("closed")[0].detail["code"] == 1006
        assert lab.health() == Health(1)


def test_lab_in_thread_has_a_disk_that_fills(capfd: pytest.CaptureFixture[str]) -> None:
    """The sender keeps its message. Warnings are in the lab's log, and not on the screen."""
    with Lab(name="thread", in_thread=True) as lab:
        ana = labkit.run(lab.client("ana"))
        room = labkit.run(ana.join("room:inside"))
        lab.fill_disk()
        waits = [lab.spawn(room.chat("x" * 900)) for _ in range(8)]
        while not ana.log.of("refused"):
            time.sleep(0.02)
        assert {record.detail["code"] for record in ana.log.of("refused")} == {"unavailable"}
        lab.free_disk()
        assert sorted(each.result(20)["seq"] for each in waits) == list(range(1, 9))
        assert any("audit failed" in line for line in lab.log)
    assert "audit failed" not in capfd.readouterr().err


def test_lab_in_process_has_no_disk_to_fill(lab: Lab) -> None:
    with pytest.raises(RuntimeError, match="in_thread=True"):
        lab.fill_disk()


def test_lab_in_process_has_no_inside(lab: Lab) -> None:
    with pytest.raises(RuntimeError, match="in_thread=True"):
        _ = lab.inside


def test_lab_restart_changes_limits(lab: Lab) -> None:
    ana = labkit.run(lab.client("ana"))
    lab.restart(rooms_per_connection=1)
    labkit.run(ana.join("room:one"), timeout=20)
    with pytest.raises(Refused, match="room_limit"):
        labkit.run(ana.join("room:two"))


def test_lab_timeline_explains_a_revocation(lab: Lab) -> None:
    ana = labkit.run(lab.client("ana"))
    lab.revoke("ana")
    ends = time.monotonic() + 10
    while ana.state is not ClientState.STOPPED and time.monotonic() < ends:
        time.sleep(0.05)
    merged = lab.timeline("ana")
    assert merged.sentence.startswith("closed because of 4410")
    assert {moment.side for moment in merged.moments} == {"client", "server"}


def test_health_reports_what_a_class_of_your_own_raised() -> None:
    with Lab(validator=lambda text: 1 / 0) as lab:
        room = labkit.run(labkit.run(lab.client("ana")).join("room:demo"))
        with pytest.raises(TimeoutError):  # the server closes with 1011, and the client comes back
            labkit.run(asyncio.wait_for(room.chat("hello"), 2))
        assert lab.own_faults == ["<lambda> raised ZeroDivisionError: division by zero"]
        with pytest.raises(Unhealthy, match="ZeroDivisionError"):
            lab.health()
