"""Every Python that we start imports installed libraries alone, whatever a learner's folder holds."""

import ast
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import labkit
from labkit.bench.launch.cluster import Cluster
from labkit.bench.launch.own_server import OwnServer
from labkit.bench.launch.python import python
from labkit.bench.launch.server_process import ServerDied, ServerProcess
from labkit.bench.queued_cells import answers
from labkit.bench.storm.run import StormFailed, storm
from tests import shadows
from tests.package import modules

PACKAGE = Path(labkit.__file__).parent
STARTS_NO_PYTHON = {  # what else they want from sys.executable
    "bench/launch/nats_process.py": "the folder of its programs",
    "classroom/export.py": "the folder of its programs",
    "commands/lab.py": "the folder of its programs; its own Python takes its place",
    "bench/launch/python.py": "this is the one place",
    "classroom/pack/install.py": "runs where labkit is not installed yet",
    "classroom/pack/own_wheel.py": "uv builds a wheel with it",
    "doctor/checks/child.py": "whether a Python starts at all",
    "platform/confined.py": "the keeper of an answer, which imports the standard library only",
    "platform/tied_program.py": "a keeper too",
    "platform/orphans.py": "another keeper",
    "ladder/walking.py": "a server and a program that a person would start with plain python",
    "duel/judging.py": "a draft that a person would start with plain python",
    "written_tests/reference.py": "a written test, as a person would run it",
}
PARTS = (
    "import asyncio, sys\nimport websockets\nimport beside",
    "async def main():\n"
    "    async with websockets.serve(lambda connection: connection.send(beside.WORD), '127.0.0.1', 0) as server:\n"
    "        print('WebSocket server listening on ws://127.0.0.1:%d' % server.sockets[0].getsockname()[1])\n"
    "        await asyncio.to_thread(sys.stdin.read)",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder full of shadowing files, on PYTHONPATH too."""
    shadowing = tmp_path / "learner"
    shadowing.mkdir()
    monkeypatch.chdir(shadows.fill(shadowing))
    monkeypatch.setenv("PYTHONPATH", str(shadowing))
    monkeypatch.setenv("PYTHONSTARTUP", str(shadowing / "random.py"))
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    yield shadowing
    assert shadows.imported(shadowing) == []


def test_a_module_runs_as_python_m_runs_it(folder: Path) -> None:
    done = subprocess.run(python("labkit", "explain", "1013"), capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "TRY_LATER" in done.stdout


def test_labkit_is_found_where_this_process_has_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is not installed, but on a path that only this process knows."""
    monkeypatch.setattr("labkit.bench.launch.python.ISOLATED", ("-I", "-S"))
    done = subprocess.run(python("labkit", "--version"), capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_lab_starts_beside_shadowing_files(folder: Path) -> None:
    with labkit.Lab() as lab:
        assert lab.health()


def test_a_cluster_starts_beside_shadowing_files(folder: Path, tmp_path: Path) -> None:
    with_two = Cluster(2, tmp_path / "cluster").start()
    with_two.stop()
    assert len(with_two.servers) == 2


def test_a_real_storm_runs_beside_shadowing_files(folder: Path) -> None:
    assert storm(clients=10, mode="real", policy="ours")["ours"].lost == 0


def test_an_own_server_finds_its_neighbours_alone(folder: Path, tmp_path: Path) -> None:
    """A module beside the program is found; one that is named like a library replaces nothing."""
    own = OwnServer(shadows.fill(tmp_path) / "own.py")
    (tmp_path / "beside.py").write_text("WORD = 'hello'", encoding="utf-8")
    url = own.start(*PARTS)
    assert asyncio.run(_first_word(url)) == "hello"
    own.terminate()
    assert shadows.imported(tmp_path) == []


async def _first_word(url: str) -> str:
    from websockets.asyncio.client import connect

    async with connect(url) as socket:
        return str(await socket.recv())


def test_a_kernel_starts_beside_shadowing_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel is the learner's own Python: it heeds PYTHONPATH and PYTHONSTARTUP, as it is asked to."""
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.delenv("PYTHONSTARTUP")
    (folder / "pathlib.py").write_text((folder / "email.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert answers(["import random", "random.random()"], seconds=20, folder=folder) == ["ok", "ok"]


def test_every_python_is_started_in_one_place() -> None:
    """Whoever needs another one must say here why."""
    naming = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "executable" and ast.unparse(node) == "sys.executable"
    }
    assert naming == set(STARTS_NO_PYTHON)


class Dying(ServerProcess):
    """A server that cannot start."""

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-c", "raise SystemExit('no disk, ' + chr(233))"]


def test_a_dead_server_is_shown_with_its_last_words() -> None:
    with pytest.raises(ServerDied, match="no disk, é"):
        Dying({"PYTHONIOENCODING": "utf-8"}).start()


def test_a_dead_storm_is_shown_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.bench.storm.run.python", lambda _: [sys.executable, "-c", "1 / 0"])
    with pytest.raises(StormFailed, match="ZeroDivisionError: division by zero"):
        storm(clients=1, mode="real")


def test_text_passes_as_utf8_in_any_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    command = python("this")
    command[command.index("this") :] = ["timeit", "-n1", "-r1", "print(chr(0x2713))"]
    done = subprocess.run(command, env=os.environ, capture_output=True, check=False)
    assert "✓" in done.stdout.decode("utf-8")
