"""`make lab` with a Python that will not do: one sentence with a way out, before anything is made or installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_repository import ROOT

TOOLS = ("sh", "basename")
HERE = f'exec "{sys.executable}" "$@"'
AS_OLD = "import sys; sys.version_info = (3, 9, 6); exec(sys.argv[2])"  # of `-c CODE`
OLD = f'exec "{sys.executable}" -c "{AS_OLD}" "$@"'
NO_VENV = f'case "$2" in *venv*) exit 1 ;; esac; {HERE}'
NOT_THERE = "echo 'command not found' >&2; exit 127"  # as a version manager answers for a version it does not have
INSTALL = (
    "install Python 3.11 or newer (macOS: brew install python; Debian, Ubuntu: apt install python3 python3-venv), then "
    "make lab PYTHON=its-name"
)
SENTENCES = {
    "too old": ({"python3": OLD}, f"python3 is Python 3.9.6, and labkit needs 3.11 or newer; {INSTALL}"),
    "too old beside a newer one": (
        {"python3": OLD, "python3.12": HERE},
        "python3 is Python 3.9.6, and labkit needs 3.11 or newer; this machine has one that will do: "
        "make lab PYTHON=python3.12",
    ),
    "the newest that runs is named": (
        {"python3": OLD, "python3.14": NOT_THERE, "python3.13": NO_VENV, "python3.11": HERE},
        "python3 is Python 3.9.6, and labkit needs 3.11 or newer; this machine has one that will do: "
        "make lab PYTHON=python3.11",
    ),
    "not there": ({}, f"there is no python3 that runs; {INSTALL}"),
    "does not run": ({"python3": NOT_THERE}, f"there is no python3 that runs; {INSTALL}"),
    "without venv": (
        {"python3": NO_VENV},
        "python3 cannot make environments, as its module venv is missing; apt install python3-venv, then "
        "make lab PYTHON=its-name",
    ),
}


def machine(folder: Path, pythons: dict[str, str]) -> dict[str, str]:
    """The environment of a machine with these Pythons, each a shell script."""
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    for name, script in pythons.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def make_venv(python: str, venv: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = ["/bin/sh", str(ROOT / "new_venv.sh"), python, str(venv)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SENTENCES)
def test_python_that_will_not_do_is_one_sentence(name: str, tmp_path: Path) -> None:
    pythons, sentence = SENTENCES[name]
    done = make_venv("python3", tmp_path / "venv", machine(tmp_path / "bin", pythons))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"labkit: {sentence}\n")
    assert not (tmp_path / "venv").exists()


def test_python_that_will_do_makes_the_environment(tmp_path: Path) -> None:
    """Also in place of one whose own Python has gone, and under a path with a space."""
    venv = tmp_path / "my course" / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(tmp_path / "gone")
    done = make_venv("python3.12", venv, machine(tmp_path / "bin", {"python3.12": HERE}))
    assert (done.returncode, done.stderr) == (0, "")
    assert subprocess.run([venv / "bin" / "python", "-m", "pip", "--version"], check=False).returncode == 0


def test_make_asks_before_it_installs(tmp_path: Path) -> None:
    """Both verbs, by whatever name; nothing is left behind."""
    for name in ("Makefile", "new_venv.sh", "pyproject.toml", "requirements.lock", "requirements-lab.lock"):
        shutil.copy(ROOT / name, tmp_path)
    environment = machine(tmp_path / "bin", {"python3": OLD}) | {"LC_ALL": "C"}
    make = str(shutil.which("make"))
    for verb in ("lab", "test"):
        done = subprocess.run([make, verb], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.splitlines()[0] == f"labkit: {SENTENCES['too old'][1]}"
        assert not (tmp_path / ".venv").exists()
