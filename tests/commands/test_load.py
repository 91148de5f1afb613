"""`labkit load` as a process: JSON on stdout, progress on stderr, and Ctrl-C keeps the results so far."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from labkit.bench.launch.server_process import ServerProcess
from labkit.cli import main
from tests.hangup import heeded

TOKEN = "a-token-for-load"
KEYS = ["sent", "delivered", "per_s", "p50_ms", "p99_ms", "lost"]
SOON = {"--rate": "20", "--members": "3", "--seconds": "1.5"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet"])
    yield server.start()
    server.terminate()


def load(*options: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "labkit", "load", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_json_goes_to_stdout_and_progress_to_stderr(url: str) -> None:
    options = [part for pair in SOON.items() for part in pair]
    stdout, stderr = load("--url", url, "--json", *options, DEV_TOKEN=TOKEN).communicate(timeout=60)
    figures = json.loads(stdout)
    assert list(figures) == KEYS
    assert (figures["sent"], figures["delivered"], figures["lost"]) == (30, 90, 0)
    assert f"3 members join {url}" in stderr
    assert " sent, " in stderr
    assert TOKEN not in stderr + stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_run_with_results_so_far(url: str, number: signal.Signals) -> None:
    with heeded():
        process = load("--url", url, "--json", "--token", TOKEN, "--seconds", "600", "--rate", "50")
    assert process.stderr is not None
    while " sent, " not in process.stderr.readline():
        pass
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 0
    figures = json.loads(stdout)
    assert 0 < figures["sent"] < 5000
    assert figures["lost"] == 0
    assert "Traceback" not in stderr


def test_text_output_reports_refusals(url: str) -> None:
    process = load("--url", url, "--token", TOKEN, "--members", "1", "--rate", "400", "--seconds", "1")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1  # it does not hold: not every message was delivered
    assert [line.split()[0] for line in stdout.splitlines()] == KEYS
    assert "rate_limited; use more members" in stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--url", "ws://127.0.0.1:9"], "nothing is listening there; is the server running?"),
        (["--url", "http://127.0.0.1:9"], "use ws:// instead of http://"),
        (["--rate", "0"], "must be above 0"),
        (["--rooms", "0"], "--rooms"),
    ],
)
def test_load_impossible_exits_2_with_reason(options: list[str], says: str) -> None:
    done = CliRunner().invoke(main, ["load", *options])
    assert done.exit_code == 2
    assert says in done.output


def test_token_wrong_exits_2(url: str) -> None:
    process = load("--url", url, "--token", "not-the-token")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "4403 auth failed" in stderr and "not-the-token" not in stderr


def test_help_has_examples() -> None:
    help_text = CliRunner().invoke(main, ["load", "--help"]).output
    assert "labkit load --closed" in help_text


def test_closed_loop_against_rate_limit_exits_1() -> None:
    """The limit is low, because a busy machine sends slowly."""
    server = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet", "--set", "messages_per_s=1", "--set", "message_burst=5"])
    try:
        process = load("--url", server.start(), "--token", TOKEN, "--closed", "--members", "2", "--seconds", "1")
        _, stderr = process.communicate(timeout=60)
    finally:
        server.terminate()
    assert "--set messages_per_s=off" in stderr
    assert process.returncode == 1
