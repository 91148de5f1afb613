"""Python, packages and JupyterLab that do not fit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.doctor.checks import software
from labkit.doctor.diagnosis import Subject
from labkit.doctor.distribution import Distribution
from tests.doctor.machines import examined, package, without

SUBJECT = Subject()
INSTALL = 'pip install ".[lab]"'


def requiring(patch: pytest.MonkeyPatch, *requires: str) -> None:
    patch.setattr(software, "distribution", lambda: Distribution("pip install x", ">=3.11", list(requires)))


@pytest.mark.parametrize(("version", "is_old"), [((3, 10, 4), True), ((2, 7, 18), True), ((3, 11, 0), False)])
def test_python_too_old_is_a_problem(monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], is_old: bool) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", version)
        found = software.python(SUBJECT)
    shown = ".".join(map(str, version))
    old = f"Python {shown} is too old: install Python 3.11 or newer, and install labkit with it"
    assert str(found) == (old if is_old else f"Python {shown}")
    assert found.status == ("problem" if is_old else "ok")


def test_python_too_old_for_a_clone_is_one_sentence() -> None:
    """There, labkit's own modules cannot even be read. `test_broken_machines.py` has real ones, where they are."""
    old = "import sys, runpy; sys.version_info, sys.argv = (3, 9, 6), ['-m']; "
    sentence = "labkit needs Python 3.11 or newer, and this is Python 3.9; install a newer one"
    run, load = "runpy.run_module('labkit', run_name='__main__')", "sys.argv = ['a.py']; import labkit"
    done = subprocess.run([sys.executable, "-c", old + run], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"Error: {sentence}\n")
    done = subprocess.run([sys.executable, "-c", old + load], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"ImportError: {sentence}")


def test_importing_labkit_reads_no_other_module_of_ours() -> None:
    """Or an old Python would stop at that one's syntax, before it comes to the sentence."""
    code = "import sys, labkit; print([name for name in sys.modules if name.startswith('labkit.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_packages_missing_are_named_with_the_command(tmp_path: Path) -> None:
    """Also when labkit itself can hardly be imported without them."""
    lost = ("msgspec", "websockets", "psutil", "pandas", "packaging")
    found = examined("--class", "ws://127.0.0.1:1", environment=without(tmp_path, *lost))
    missing = "problem missing packages msgspec, psutil, websockets, pandas: " + INSTALL
    assert found.sentence("packages") == missing
    assert (found.code, found.errors) == (1, "")
    assert len(found.checks) == 14


def test_package_of_wrong_version_is_named_with_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    requiring(monkeypatch, "click<100,>=99", "msgspec>=0.20")  # a wheel's metadata has the upper end first
    here = software.version("click")
    found = software.packages(SUBJECT)
    assert (found.status, str(found)) == (
        "problem",
        f"labkit needs other versions: click >=99,<100, not {here}: pip install x",
    )


def test_package_for_another_system_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    requiring(monkeypatch, "click>=8", "nowhere>=1; sys_platform == 'plan9' and extra == 'lab'")
    assert str(software.packages(SUBJECT)) == "1 packages"


def test_jupyterlab_too_old_is_a_problem(tmp_path: Path) -> None:
    found = examined("--offline", environment=package(tmp_path, "jupyterlab", "3.6.8"))
    assert found.sentence("jupyter") == (
        f"problem JupyterLab 3.6.8 is not compatible: labkit needs >=4.5,<5: {INSTALL}"
    )
    assert found.problems == ["jupyter"] and found.code == 1


def test_jupyterlab_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    requiring(monkeypatch, "jupyterlab>=4.5")
    monkeypatch.setattr(software, "_version", lambda name: None)
    assert str(software.jupyter(SUBJECT)) == "JupyterLab is not installed: pip install x"


@pytest.mark.parametrize(("whose", "status"), [("ours", "ok"), ("another", "warning"), ("gone", "ok")])
def test_jupyterlab_of_another_python_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str, status: str
) -> None:
    """A server that ended without removing its file, and our own, are none."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(Path(sys.executable).parents[1]))
    with subprocess.Popen(["sleep", "60"]) as other:
        pid = {"ours": os.getpid(), "another": other.pid, "gone": 2**22 + 1}[whose]
        (tmp_path / "jpserver-1.json").write_text(json.dumps({"pid": pid}))
        (tmp_path / "jpserver-2.json").write_text("torn")
        found = software.jupyter(SUBJECT)
        other.kill()
    assert found.status == status
    if status == "warning":
        assert f"(process {other.pid}) belongs to another Python" in found.text
