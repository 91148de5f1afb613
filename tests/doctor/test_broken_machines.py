"""Machines that are really broken, each examined by a doctor in a process of its own.

The full disk, the folder that nobody can write to, the old JupyterLab and the missing packages are in `checks/`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.black_box.wrong_machine import Clock, unshare
from tests.doctor.checks.test_class_server import DAY_S, serving
from tests.doctor.machines import DOCTOR, examined
from tests.e2e.need import not_allowed

ROOT = Path(__file__).parents[2]
NOBODY = ("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups")
READING = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")  # the checkout may be root's
OWN_NETWORK = ("--map-root-user", "--net")
WITH_LOOPBACK = ("sh", "-c", 'ip link set lo up && exec "$0" "$@"')
WITHOUT_IPV6 = ("sh", "-c", 'ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6 && exec "$0" "$@"')
HOLDING_8080 = """
import socket, subprocess, sys
with socket.create_server(("127.0.0.1", 8080)):
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
TOO_OLD = range(6, 11)
OFFLINE = (*DOCTOR, "--offline")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def test_user_without_a_home_reads_what_to_set() -> None:
    """Nobody knows this user, and JupyterLab's own folders cannot be found either."""
    nobody = (*NOBODY, *READING)
    if subprocess.run([*nobody, "true"], capture_output=True, check=False).returncode:
        not_allowed("be another user")
    homeless = ("env", "--unset=HOME", "--unset=LABKIT_HOME", "--chdir=/dev/shm", *nobody)
    found = examined(command=(*homeless, *OFFLINE))
    assert found.sentence("home") == (
        "problem this user has no home folder, so results cannot be stored: "
        "set LABKIT_HOME to a folder that you can write to"
    )
    assert found.problems == ["home"] and found.sentence("jupyter").startswith("ok JupyterLab ")
    assert (found.code, found.errors) == (1, "")


def test_port_taken_by_a_program_names_it(tmp_path: Path) -> None:
    taken = (*unshare(*OWN_NETWORK), *WITH_LOOPBACK, sys.executable, "-c", HOLDING_8080)
    found = examined(folder=tmp_path, command=(*taken, *OFFLINE))
    told = found.sentence("port")
    assert told.startswith("warning port 8080 is in use by python") and "(process " in told
    assert told.endswith("): stop that program, or choose another with --port 8090")
    assert (found.problems, found.code, found.errors) == ([], 0, "")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxy_for_everything_is_told(name: str, tmp_path: Path) -> None:
    """labkit goes around it, and what it does for that must not hide it."""
    prescribed = {name: "http://ana:s3cret@proxy.example:3128"}
    found = examined("--offline", folder=tmp_path, environment=prescribed)
    assert found.sentence("proxy") == (
        "warning labkit connects to localhost and 127.0.0.1 directly, but other programs would use the proxy "
        "proxy.example:3128: set NO_PROXY=localhost,127.0.0.1,::1"
    )
    assert (found.problems, found.code, found.errors) == ([], 0, "")
    exempt = {"NO_PROXY": "localhost,127.0.0.1,::1"}
    found = examined("--offline", folder=tmp_path, environment=prescribed | exempt)
    assert found.sentence("proxy") == "ok the proxy proxy.example:3128 is not used for this machine: "


@pytest.mark.parametrize(("ahead_s", "which"), [(DAY_S, "1 day ahead of"), (-DAY_S, "1 day behind")])
def test_clock_a_day_off_is_told(ahead_s: int, which: str, tmp_path: Path) -> None:
    """The clock of the whole process, not only of the comparison."""
    with serving() as url:
        found = examined("--class", url, folder=tmp_path, environment=as_text(Clock(tmp_path, ahead_s).env))
    assert found.sentence("clock") == (
        f"problem this machine's clock is {which} the class server's, so certificates may seem invalid: "
        "set the date, the time and the time zone, or let the system set them"
    )
    assert found.problems == ["clock"] and (found.code, found.errors) == (1, "")


def as_text(environment: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in environment.items()}


def test_loopback_without_ipv6_is_a_note(tmp_path: Path) -> None:
    found = examined(folder=tmp_path, command=(*unshare(*OWN_NETWORK), *WITHOUT_IPV6, *OFFLINE))
    assert found.sentence("ipv6") == (
        "ok no IPv6 on this machine (::1); labkit uses 127.0.0.1 instead, so there is nothing to do: "
    )
    assert (found.problems, found.code, found.errors) == ([], 0, "")


def old_pythons() -> Iterator[str]:
    """Real ones: on the path, and pyenv's."""
    places = [*PYENV.glob("*/bin"), *map(Path, os.environ["PATH"].split(os.pathsep))]
    for minor in TOO_OLD:
        for program in (place / f"python3.{minor}" for place in places):
            if program.is_file() and not subprocess.run([program, "-c", ""], capture_output=True).returncode:
                yield str(program)
                break


def test_python_too_old_is_one_sentence_from_a_clone() -> None:
    """Its modules cannot even be read there; `python -m labkit` reads the package before anything else."""
    found = list(old_pythons())
    for python in found:
        done = subprocess.run([python, "-m", "labkit", "doctor"], cwd=ROOT, capture_output=True, text=True, check=False)
        version = Path(python).name.removeprefix("python")
        sentence = f"labkit needs Python 3.11 or newer, and this is Python {version}; install a newer one"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"Error: {sentence}\n")
        done = subprocess.run([python, "-c", "import labkit"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stderr.splitlines()[-1] == f"ImportError: {sentence}"
    if not found:
        pytest.skip("no Python from 3.6 to 3.10 is on this machine; test_software.py has a simulated one")
