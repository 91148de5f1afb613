"""`labkit torture` as a process: zeros as JSON, Ctrl-C, and exit codes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.bench.torture.checker import TortureResult
from labkit.cli import main
from labkit.commands import torture as command

KEYS = ["acked", "lost", "duplicated", "reordered", "leaked", "kills", "audit_missing"]
ZEROS = {"lost": 0, "duplicated": 0, "reordered": 0, "leaked": 0, "audit_missing": 0}


def started(*options: str, seconds: float = 30) -> "subprocess.Popen[str]":
    """Start a torture run."""
    whole = [sys.executable, "-m", "labkit", "torture", "--json", "--seconds", str(seconds), *options]
    return subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]", seconds: float = 30) -> dict[str, int]:
    """Wait for a run and return its figures, which must hold."""
    stdout, stderr = process.communicate(timeout=seconds + 300)
    assert process.returncode == 0, stdout + stderr
    figures: dict[str, int] = json.loads(stdout)
    assert list(figures) == KEYS
    assert figures | ZEROS == figures
    return figures


def tortured(*options: str, seconds: float) -> dict[str, int]:
    """One run from start to end."""
    return ended(started(*options, seconds=seconds), seconds)


@pytest.fixture(scope="module")
def both() -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    """One server, and three with a broker, at the same time: both mostly wait."""
    three = ("--servers", "3", "--kills", "5", "--rate", "60", "--clients", "9", "--seed", "12")
    running = {
        "one": started("--kills", "5", "--rate", "80", "--clients", "8", "--seed", "11"),
        "three": started(*three),
    }
    yield running
    for process in running.values():
        process.kill()
        process.communicate()


def test_torture_30_s_loses_nothing(both: dict[str, "subprocess.Popen[str]"]) -> None:
    """Five kills and broken connections; even a slow machine acks at least 200 events."""
    figures = ended(both["one"])
    assert figures["kills"] == 5
    assert figures["acked"] >= 200


def test_torture_30_s_with_broker_loses_nothing(both: dict[str, "subprocess.Popen[str]"]) -> None:
    """Three servers share their rooms; the broker is killed too."""
    figures = ended(both["three"])
    assert figures["kills"] == 5
    assert figures["acked"] >= 100


@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_torture_10_min_with_three_servers_loses_nothing() -> None:
    """Sixty kills, twelve of them of the broker."""
    figures = tortured("--servers", "3", "--kills", "60", "--rate", "300", "--clients", "16", seconds=600)
    assert figures["kills"] == 60
    assert figures["acked"] >= 10_000


@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_torture_10_min_with_100_kills_loses_nothing() -> None:
    """At least 100,000 events acked."""
    figures = tortured("--kills", "100", "--rate", "800", "--clients", "16", seconds=600)
    assert figures["kills"] == 100
    assert figures["acked"] >= 100_000


def test_ctrl_c_verifies_what_happened_so_far(tmp_path: Path) -> None:
    options = ["--seconds", "500", "--kills", "0", "--clients", "2", "--json", "--keep", str(tmp_path / "kept")]
    process = subprocess.Popen(
        [sys.executable, "-m", "labkit", "torture", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while not (line := process.stderr.readline()).startswith(("1", "2", "3", "4", "5", "6", "7", "8", "9")):
        assert line, "it ended before anything was acked"
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(stdout)["acked"] > 0
    assert (tmp_path / "kept" / "server-0.db").exists()


def test_sigterm_leaves_nothing_behind(tmp_path: Path) -> None:
    """No folder and no server; nothing was verified, so there is no verdict."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labkit", "torture", "--seconds", "500", "--kills", "0", "--clients", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stderr is not None
    while not (line := process.stderr.readline()).startswith(tuple("123456789")):
        assert line, "it ended before anything was acked"
    assert list(tmp_path.glob("labkit-torture-*"))
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "interrupted before anything was verified" in stderr
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_fault_exits_1_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:

    async def found(*_: object) -> TortureResult:
        return TortureResult(10, 1, 0, 0, 0, 0, 0, ("lost: ann never heard room:a 9 to 9, the end",))

    monkeypatch.setattr(command, "_run", found)
    done = CliRunner().invoke(main, ["torture", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["lost"] == 1
    assert "lost: ann never heard room:a 9 to 9, the end" in done.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--kills", "99", "--seconds", "9"], "99 kills in 9 s leave no time to restart; allow 1 s each"),
        (["--kills", "-1"], "kills must be 0 or more"),
        (["--clients", "0"], "a torture needs at least one server, one client and one room"),
    ],
)
def test_plan_impossible_exits_2(options: list[str], why: str) -> None:
    done = CliRunner().invoke(main, ["torture", *options])
    assert done.exit_code == 2
    assert why in done.stderr


def test_folder_not_empty_is_refused(tmp_path: Path) -> None:
    """Old audit files would be continued, with their rooms."""
    (tmp_path / "old.db").write_text("x", encoding="utf-8")
    done = CliRunner().invoke(main, ["torture", "--keep", str(tmp_path)])
    assert done.exit_code == 2
    assert "name a new folder" in done.stderr


def test_torture_of_one_server_needs_no_extra() -> None:
    """A learner's installation has no NATS."""
    without = "import sys; sys.modules['nats'] = None; from labkit.cli import main; main(['torture', '--seconds', 'x'])"
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True)
    assert done.returncode == 2 and "'x' is not a valid float" in done.stderr
