"""Storms on both clocks: the peaks of the policies, and that the model agrees with real sockets."""

import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

import labkit
from labkit.bench.storm import real, virtual_server
from labkit.bench.storm.policies import POLICIES, ClientRandom, Ours
from labkit.bench.storm.run import BadStorm, StormFailed, StormPlan, StormResult, run, storm
from labkit.bench.storm.tally import StormClient, Tally
from labkit.bench.storm.virtual import VirtualClock, VirtualStorm
from labkit.rules.backoff import Draws as AnyDraws
from tests.bench.test_lab import wait_until_gone

CROWD = {"clients": 10_000, "handshakes_per_s": 1000.0}
ALIKE = 0.15


class Deaf(Ours):
    """Keeps the window of its first auth_ok, and ignores later updates."""

    def __init__(self, rng: AnyDraws) -> None:
        super().__init__(rng)
        self._has_window = False

    def told(self, window_ms: float) -> None:
        if not self._has_window:
            super().told(window_ms)
        self._has_window = True


class SlotsOnly(Ours):
    """Obeys slots and ignores windows."""

    def told(self, window_ms: float) -> None:
        pass


class WindowOnly(Ours):
    """Obeys windows and ignores slots."""

    def delay(self, code: int, reason: str = "") -> float | None:
        return super().delay(code, "")


PARTS = {"slots only": SlotsOnly, "window only": WindowOnly}


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(POLICIES, "deaf", Deaf)  # type: ignore[arg-type]
    return "deaf"


def test_storm_article_policy_peaks_above_3000_in_100_ms() -> None:
    result = run(StormPlan(policy="article", **CROWD))
    assert result.peak_100ms > 3000
    assert result.peak_1s == 10_000
    assert result.lost == 0


@pytest.mark.parametrize("policy", ["none", "fixed"])
def test_storm_refused_clients_return_as_fast_as_the_server_refuses(policy: str) -> None:
    """Each wait starts at a refusal, one after another: after the first spike, the picture is flat, not spiky."""
    result = run(StormPlan(policy=policy, **CROWD))
    refusals = round(0.1 / virtual_server.HANDSHAKE_S) - 100  # in 100 ms, beside those admitted
    first_return = next(at for at, count in enumerate(result.arrivals) if count > 0) + 5
    assert 0.9 * refusals <= max(result.arrivals[first_return:]) <= 1.05 * refusals
    handled_s = (result.clients + result.refused) * virtual_server.HANDSHAKE_S
    assert handled_s <= (result.t99_s or 0) <= 12


def test_storm_window_alone_does_the_work_of_our_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash nobody is refused, so slots change nothing; without the window they come too late."""
    for name in ("window only", "slots only"):
        monkeypatch.setitem(POLICIES, name, PARTS[name])  # type: ignore[arg-type]
    ours, window, slots = (run(StormPlan(policy=name, **CROWD)) for name in ("ours", "window only", "slots only"))
    assert window.arrivals == ours.arrivals
    assert (slots.peak_1s, window.refused) == (10_000, 0)


def test_storm_our_policy_stays_near_the_accept_rate() -> None:
    result = run(StormPlan(policy="ours", **CROWD))
    assert result.peak_1s <= 1.25 * 1000
    assert result.refused == 0
    assert result.lost == 0


def test_storm_reconnect_updates_reach_early_clients() -> None:
    """Their window grows to between one and two times what all clients need."""
    made = VirtualStorm(StormPlan(policy="ours", **CROWD))
    made.run_until_drop()
    windows = [client.policy.window_s for client in made.clients[:4]]  # type: ignore[attr-defined]
    assert len(set(windows)) == 1
    assert 10 <= windows[0] <= 20


def test_storm_clients_that_ignore_updates_return_too_soon(deaf: str) -> None:
    assert run(StormPlan(policy=deaf, **CROWD)).peak_1s > 1.25 * 1000


@pytest.mark.parametrize("policy", POLICIES)
def test_storm_same_seed_repeats_it(policy: str) -> None:
    plan = {"policy": policy, "clients": 500, "handshakes_per_s": 100.0, "down_s": 0.5}
    first = run(StormPlan(seed=5, **plan))
    assert run(StormPlan(seed=5, **plan)) == first
    has_chance = policy not in ("none", "fixed", "exponential")
    assert (run(StormPlan(seed=6, **plan)).arrivals != first.arrivals) == has_chance


def test_storm_accept_rate_bounds_recovery() -> None:
    """At 1,000 per second after a burst of 1,000, 4,000 clients need three seconds."""
    assert (run(StormPlan(policy="none", clients=4000, handshakes_per_s=1000)).t99_s or 0) > 2.8
    assert (run(StormPlan(policy="none", clients=4000, handshakes_per_s=None)).t99_s or 99) < 1.5


def test_storm_server_that_stays_down_loses_clients() -> None:
    result = run(StormPlan(clients=100, down_s=50, seconds=51))
    assert 0 < result.lost <= 100
    assert result.t99_s is None
    assert sum(result.arrivals) > 100  # they have tried


def test_storm_our_policy_stays_spread_after_a_long_outage() -> None:
    ours, exponential = (run(StormPlan(clients=2000, down_s=120, policy=name)) for name in ("ours", "exponential"))
    assert exponential.peak_100ms == 2000
    assert max(ours.arrivals[600:1500]) < 100


def test_virtual_server_full_backlog_delays_a_syn_by_1_s() -> None:
    clock, entered = VirtualClock(), []
    server = virtual_server.VirtualServer(
        clock, None, 0.0, lambda client, _: entered.append((clock.now, client.number)), lambda *_: None
    )
    clients = [StormClient(StormPlan(), number) for number in range(virtual_server.BACKLOG + 1)]
    for client in clients:
        server.connect(client)
    clock.run_until(100)
    last_at = next(at for at, number in entered if number == virtual_server.BACKLOG)
    assert len(entered) == virtual_server.BACKLOG + 1
    busy_s = virtual_server.BACKLOG * (virtual_server.HANDSHAKE_S + virtual_server.AUTH_S)
    assert last_at >= max(1.0, busy_s)


def test_virtual_server_late_auth_closes_with_4401(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_server, "AUTH_S", 0.1)
    clock, codes = VirtualClock(), []
    server = virtual_server.VirtualServer(clock, None, 0.0, lambda *_: None, lambda _, code, __: codes.append(code))
    for number in range(100):
        server.connect(StormClient(StormPlan(), number))
    clock.run_until(100)
    assert 40 < codes.count(4401) < 60
    assert set(codes) == {4401}


def test_tally_worst_window_may_start_anywhere() -> None:
    tally = Tally(StormPlan(clients=1))
    tally.arrived(0.0, 0)  # before the drop: not counted
    tally.dropped_at = 10.0
    for hundredths in range(5, 15):
        tally.arrived(10 + hundredths / 100 + 0.001, 0)
    result = tally.result("virtual", 1, 0.0)
    assert result.peak_100ms == result.peak_1s == sum(result.arrivals) == 10
    assert result.arrivals == (5, 5)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"clients": 0}, "from 1 to"),
        ({"policy": "hope"}, "use one of none, fixed"),
        ({"handshakes_per_s": -1.0}, "or off"),
        ({"handshakes_per_s": float("nan")}, "or off"),
        ({"down_s": 600.0}, "lasts longer"),
        ({"mode": "hope"}, "virtual and real"),
        ({"policy": []}, "name a policy"),
    ],
)
def test_storm_invalid_plan_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BadStorm, match=says):
        storm(**wrong)


def test_labkit_storm_runs_each_policy() -> None:
    storms = labkit.storm(policy="all", clients=200)
    assert [result.policy for result in storms] == list(POLICIES)
    assert storms["ours"].clients == 200
    assert repr(storms).startswith("<storms of 200 clients, virtual: none, fixed")
    assert list(storms.frame().index) == list(POLICIES)


def test_storm_100_000_clients_take_less_than_30_s_of_cpu() -> None:
    began = time.process_time()
    made = VirtualStorm(StormPlan(clients=100_000, policy="ours"))
    result = made.run()
    assert made.clock.now >= 600
    assert result.lost == 0
    assert time.process_time() - began < 30


@pytest.mark.matrix
@pytest.mark.parametrize("policy", POLICIES)
def test_storm_100_000_clients_with_any_policy(policy: str) -> None:
    began = time.process_time()
    assert run(StormPlan(clients=100_000, policy=policy)).lost == 0
    assert time.process_time() - began < 30


def both(policy: str) -> tuple[StormResult, StormResult]:
    """Run a real storm, and a virtual one with the same outage."""
    real = run(StormPlan(policy=policy), "real")
    return real, run(StormPlan(policy=policy, down_s=real.down_s))


def assert_alike(real: StormResult, virtual: StormResult) -> None:
    assert abs(real.peak_1s - virtual.peak_1s) <= ALIKE * virtual.peak_1s
    assert abs(real.peak_100ms - virtual.peak_100ms) <= ALIKE * virtual.peak_100ms
    assert real.lost == virtual.lost == 0


def test_real_storm_agrees_with_the_virtual_one() -> None:
    real, virtual = both("ours")
    assert real.mode == "real" and real.clients == 1000
    assert 0 < real.down_s < 5
    assert_alike(real, virtual)


@pytest.mark.matrix
@pytest.mark.parametrize("policy", [name for name in POLICIES if name != "none"])
@pytest.mark.parametrize("_again", range(3))
def test_real_storm_agrees_for_every_waiting_policy(policy: str, _again: int) -> None:
    """Without a wait, the processors decide how many clients arrive."""
    assert_alike(*both(policy))


def test_real_storm_too_few_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    with pytest.raises(RuntimeError, match="1024 open files per process, too few for 1000 real clients"):
        real.run(StormPlan())


def test_real_storm_failure_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "nowhere")
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(StormFailed, match="died"):
        run(StormPlan(clients=10), "real")


def test_real_storm_and_its_server_end_with_the_parent() -> None:
    command = [sys.executable, "-m", "labkit.bench.storm.real"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write('{"clients": 2000, "handshakes_per_s": 50}\n')
        process.stdin.flush()
        server = wait_for_child(process.pid)
        process.stdin.close()
        assert process.wait(10) == 1
    assert wait_until_gone(server, 15)


def wait_for_child(pid: int) -> int:
    ends = time.monotonic() + 10
    while not (found := psutil.Process(pid).children()) and time.monotonic() < ends:
        time.sleep(0.02)
    return found[0].pid


def test_storm_client_draws_depend_on_seed_and_number() -> None:
    client, own = StormClient(StormPlan(seed=9, policy="full"), 41), POLICIES["full"](ClientRandom(9, 41))
    assert [client.closed(0, 1006, "") for _ in range(20)] == [own.delay(1006, "") for _ in range(20)]
