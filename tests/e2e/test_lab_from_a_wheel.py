"""`labkit lab DIR` from an installed wheel, outside any checkout: built, installed, run, opened over HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from labkit.bench.seed import FILE

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
TOKEN = "of-this-test-alone"
opener = build_opener(ProxyHandler({}))


def run(*command: str | Path, where: Path) -> None:
    done = subprocess.run(list(map(str, command)), cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `labkit` command of a clean environment that holds the wheel and what it needs."""
    home = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--quiet", "--wheel", "--out-dir", home, ROOT, where=home)
    wheel = next(home.glob("labkit-*.whl"))
    run(UV, "venv", "--quiet", "--python", sys.executable, home / "venv", where=home)
    python = home / "venv" / "bin" / "python"
    pins = ["--constraint", ROOT / "requirements.lock"]
    run(UV, "pip", "install", "--quiet", "--python", python, *pins, f"labkit[lab] @ {wheel.as_uri()}", where=home)
    return python.with_name("labkit")


@pytest.fixture
def address(installed: Path, tmp_path: Path) -> Iterator[str]:
    """JupyterLab on a fresh copy, started as a learner would."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    jupyter = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    command = [installed, "lab", "my-course", "--seed", "ana", "--", *jupyter]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def get(url: str, seconds: float = 60.0) -> bytes:
    ends = time.monotonic() + seconds
    while True:
        try:
            return bytes(opener.open(f"{url}?token={TOKEN}", timeout=10).read())
        except (URLError, ConnectionError):
            if time.monotonic() > ends:
                raise
            time.sleep(0.2)


def test_the_course_opens_from_a_wheel(address: str, tmp_path: Path) -> None:
    """The page is JupyterLab's, the notebooks of the copy are served, and the seed is the learner's."""
    assert b"jupyterlab" in get(f"{address}/lab").lower()
    assert b"most screens do not need a WebSocket" in get(f"{address}/files/notebooks/00_start_here.ipynb")
    assert (tmp_path / "my-course" / FILE).read_text() == "ana\n"
    assert not (tmp_path / "my-course" / "labkit").exists()
