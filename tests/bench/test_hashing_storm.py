"""A server that hashes a password for each client: what retries do to it, and the windows that save it."""

import asyncio
import subprocess
import sys
from random import Random
from typing import Any

import pytest

from labkit.bench.storm import collapse
from labkit.bench.storm.hashing import HashingProcess, capacity
from labkit.bench.storm.policies import POLICIES, BadStorm
from labkit.bench.storm.run import StormFailed, storm
from labkit.bench.storm.tally import StormPlan, StormResult
from labkit.course.notebook import cell_source, read_notebook
from labkit.course.paths import original

FULL_SIZE: dict[str, Any] = {"clients": 10_000, "hash_ms": 8.0, "seconds": 180}
SMALL: dict[str, Any] = {"clients": 200, "stands_for": 10_000, "hash_ms": 8.0}
RIGHT = "def my_backoff(tries, window_s, rng):\n    return rng.uniform(0, max(window_s, min(30, 2.0**tries)))"


def over_the_window(_tries: int, window_s: float, rng: Random) -> float:
    return rng.uniform(0, window_s)


def one(**plan: Any) -> StormResult:
    return storm(**plan).results[0]


@pytest.mark.parametrize("policy", [name for name in POLICIES if name not in ("none", "ours")])
def test_virtual_goodput_falls_to_nothing_without_a_window(policy: str) -> None:
    """Also with jitter: 10,000 clients that wait 30 s at most return faster than 125 per second."""
    result = one(policy=policy, **SMALL, seconds=20)
    assert result.late_goodput == 0 < result.wasted
    assert result.back < 0.2 * result.clients


def test_virtual_goodput_returns_with_a_window() -> None:
    result = one(policy="ours", **FULL_SIZE)
    assert (result.back, result.wasted) == (10_000, 0)
    assert sum(result.hashed) == result.clients


def test_small_crowd_stands_for_a_large_one() -> None:
    """The same share is back after the same time, if the clients' time is counted."""
    large = one(policy="fixed", **FULL_SIZE)
    small = one(policy="fixed", **SMALL | {"seconds": FULL_SIZE["seconds"] / 50})
    assert abs(small.back / small.clients - large.back / large.clients) < 0.02


def test_retries_recover_when_the_crowd_is_small() -> None:
    """The collapse is no fault of the model: a crowd that the server can serve within the timeout comes back."""
    result = one(policy="fixed", clients=1000, hash_ms=8, seconds=60)
    assert (result.back, result.wasted) == (1000, 0)


def test_work_is_counted_apart_from_goodput() -> None:
    result = one(policy="fixed", **SMALL, seconds=10)
    assert sum(result.hashed) == pytest.approx(10 * 125, rel=0.02)  # the server never rests
    assert result.wasted == sum(result.hashed) - result.back


def test_slow_machine_gets_slow_clients() -> None:
    plan = StormPlan(clients=400, stands_for=10_000, hash_ms=8)
    assert (plan.speed, plan.open_timeout_s) == (25, 0.4)
    assert plan.at_capacity(62.5).speed == 12.5
    assert plan.at_capacity(62.5).accept_rate == 62.5


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"stands_for": 1000}, "give hash_ms"),
        ({"stands_for": 10, "hash_ms": 8}, "at least as many as clients"),
        ({"hash_ms": -1}, "from 0 to 1000"),
        ({"hash_ms": float("nan")}, "from 0 to 1000"),
        ({"policy": lambda tries: 1.0}, r"must take \(tries, window_s, rng\)"),
        ({"policy": [3]}, "3 is no policy"),
        ({"policy": lambda tries, window_s, rng: None}, "returned None at try 0; return seconds"),
        ({"policy": lambda tries, window_s, rng: -1}, "returned -1 at try 0"),
        ({"policy": lambda tries, window_s, rng: float("inf")}, "returned inf"),
        ({"policy": lambda tries, window_s, rng: True}, "returned True"),
    ],
)
def test_storm_that_makes_no_sense_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BadStorm, match=says):
        storm(**{"clients": 100} | wrong)


def test_function_sees_tries_window_and_a_generator_of_its_own() -> None:
    seen: list[tuple[int, float, float]] = []

    def note(tries: int, window_s: float, rng: Random) -> float:
        seen.append((tries, window_s, rng.random()))
        return 1.0

    storm(policy=note, clients=20, hash_ms=8, down_s=3.5, seconds=10)
    first = [drawn for tries, _, drawn in seen if tries == 0]
    assert len(set(first)) == 20
    assert max(tries for tries, _, _ in seen) >= 3
    windows = {round(window_s, 3) for _, window_s, _ in seen}
    assert windows == {0.256, 0.272, 0.288, 0.304, 0.32}  # of 16 clients, then of 17 to 20, as in auth_ok


def run_cells(answer: str | None) -> str:
    """Run the learner's cell of notebook 07, or this answer in its place, and the cell that judges it."""
    cells = read_notebook(original() / "notebooks" / "07_reconnect_storms.ipynb")["cells"]
    mine, judged = (cell_source(next(c for c in cells if c["id"] == name)) for name in ("cure-mine", "cure-run"))
    printed: list[str] = []
    names = {"storm": storm, "print": lambda *words: printed.append(" ".join(map(str, words)))}
    names["crowd"] = {"clients": 400, "stands_for": 10_000, "hash_ms": 8, "seed": 7}  # on a virtual clock
    exec(answer or mine, names)
    exec(judged.replace("guess.compare", "print"), names)
    return "\n".join(printed)


def test_notebook_shows_the_naive_answer_failing_and_a_right_one_holding() -> None:
    assert "not cured yet" in run_cells(None)
    assert run_cells(RIGHT).split() == ["all", "400", "cured"]


def test_capacity_is_what_the_password_allows() -> None:
    process = HashingProcess(20.0)
    try:
        assert 0 < capacity(process.start()) <= 55  # at most 50, and those that were under way at the end
    finally:
        process.kill()


def test_hashing_server_ends_with_its_parent() -> None:
    command = [sys.executable, "-m", "labkit.bench.storm.hashing_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline().startswith("WebSocket server listening")
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.alone("fills both cores")
def test_real_goodput_falls_to_nothing_and_a_learners_function_repairs_it() -> None:
    dead = one(policy="fixed", mode="real", seconds=5, **SMALL)
    assert dead.late_goodput <= collapse.NEXT_TO_NOTHING
    assert dead.wasted > dead.back
    cured = one(policy=over_the_window, mode="real", seconds=60, **SMALL)
    assert cured.policy == "over_the_window"
    assert cured.back == cured.clients
    assert sum(cured.hashed) >= cured.back


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_real_collapse_and_recovery_five_times() -> None:
    assert collapse.main(5) == 0


def test_collapse_that_does_not_happen_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(collapse, "runs", lambda: [one(policy="fixed", clients=100, hash_ms=8, seconds=60)])
    assert collapse.main(1) == 1
    assert "NOT EXPECTED" in capsys.readouterr().out


def test_real_storm_of_a_function_needs_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(StormFailed, match="did not start"):
        storm(policy=over_the_window, mode="real", **SMALL)


def test_function_runs_where_a_loop_runs() -> None:
    """A cell of a notebook runs in a loop; real sockets of a function must not need one of their own."""

    async def cell() -> StormResult:
        return one(policy=over_the_window, clients=50, hash_ms=2, seconds=5)

    assert asyncio.run(cell()).back == 50
