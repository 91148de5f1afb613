"""What a learner and a reviewer do, on CPython for Windows: `make windows`.

Not seen here, because Wine is not Windows: a console (Ctrl-C, colours, its encoding), PowerShell, antivirus and
policies, access lists, file sharing over SMB, sleep, the 15.6 ms clock of Python 3.11 and 3.12, the two seconds that
Windows takes to refuse a connection, and JupyterLab in a browser. Notebook 10 is left out: it starts a NATS server,
which only the extra `cluster` brings.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labkit.bench.launch.server_process import ServerProcess
from tests.ports import free_port
from tests.windows import wine
from tests.windows.conftest import SEEN
from tests.windows.house import TOKEN

ROOT = Path(__file__).parents[2]
NEEDS_CLUSTER = "10_beyond_one_process"
NOTEBOOKS = sorted({path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} - {NEEDS_CLUSTER})
LONG_S = 900
pytestmark = [pytest.mark.matrix, pytest.mark.timeout(2 * LONG_S)]


def run(*arguments: str) -> str:
    code, printed = wine.run("-m", *arguments, timeout_s=LONG_S)
    assert code == 0, printed[-3000:]
    return printed


@pytest.fixture
def url() -> Iterator[str]:
    """A server of this machine's own system."""
    server = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet"])
    yield server.start()
    server.terminate()


def test_client_receives_everything_in_order(url: str) -> None:
    printed = run("tests.windows.inside", "client", url, TOKEN, "200")
    assert json.loads(printed.splitlines()[-1]) == {"same": True}


def test_ctrl_c_and_ctrl_break_stop_a_verb() -> None:
    """Raised in the process itself: Wine has no console that could send them."""
    printed = run("tests.windows.inside", "signals")
    assert json.loads(printed.splitlines()[-1]) == {"SIGINT": True, "SIGBREAK": True}


def test_load_delivers_every_message(url: str) -> None:
    run("labkit", "load", "--url", url, "--token", TOKEN, "--seconds", "2", "--json")


@pytest.mark.parametrize("how", [["--clients", "500"], ["--real", "--clients", "60", "--seconds", "120"]])
def test_storm_brings_everyone_back(how: list[str]) -> None:
    printed = run("labkit", "storm", "--policy", "ours", "--json", *how)
    assert json.loads(printed.splitlines()[-1])["lost"] == 0


def test_review_of_our_own_server() -> None:
    """`--start` takes a command as Windows writes it: backslashes, and double quotes around a path."""
    port = free_port()
    start = f'"{wine.windows_path(wine.home() / "python.exe")}" -m labkit serve --port {port}'
    run("labkit", "review", f"ws://localhost:{port}", "--start", start, "--only", "auth", "--only", "rooms")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_of_a_notebook_runs(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", tmp_path)
    printed = run("tests.windows.inside", "cells", wine.windows_path(tmp_path / f"{name}.ipynb"))
    counted = [line for line in printed.splitlines() if line.startswith(f'{{"{name}": ')]  # a server may end after it
    found = json.loads(counted[-1])[name]
    record_property(f"{SEEN}cells", found["cells"])
    record_property(f"{SEEN}cells that failed", len(found["failed"]))
    assert found["failed"] == {} and found["cells"] > 0
