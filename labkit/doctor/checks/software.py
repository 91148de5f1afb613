"""Check Python, the packages that the course needs, and JupyterLab."""

import json
import os
import re
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem, warning
from labkit.doctor.distribution import distribution, module_name

LAB = "jupyterlab"
LEAST = re.compile(r">=\s*(\d+)\.(\d+)")


def python(_: Subject) -> Diagnosis:
    """Check the version of Python against the one that labkit requires."""
    here = "{}.{}.{}".format(*sys.version_info[:3])
    needed = LEAST.search(distribution().requires_python)
    if needed and sys.version_info[:2] < (int(needed[1]), int(needed[2])):
        least = f"{needed[1]}.{needed[2]}"
        return problem(f"Python {here} is too old", f"install Python {least} or newer, and install labkit with it")
    if struct.calcsize("P") < 8:
        return warning(f"Python {here} is a 32-bit program", "install the 64-bit one, for which all packages exist")
    return ok(f"Python {here}")


def packages(_: Subject) -> Diagnosis:
    """Check that every package that a learner needs is installed in a compatible version."""
    whole = distribution()
    wanted = [line for line in whole.requires if module_name(line) != LAB and _is_for_us(line)]
    lost = [module_name(line) for line in wanted if _version(module_name(line)) is None]
    if lost:
        return problem(f"missing {_plural(lost)} {', '.join(lost)}", whole.install)
    others = [_misfit(line) for line in wanted if not _fits(line)]
    if others:
        return problem(f"labkit needs other versions: {'; '.join(others)}", whole.install)
    return ok(f"{len(wanted)} packages")


def jupyter(_: Subject) -> Diagnosis:
    """Check JupyterLab's version, and that a running JupyterLab belongs to this Python."""
    whole = distribution()
    line = next((line for line in whole.requires if module_name(line) == LAB), LAB)
    here = _version(LAB)
    if here is None:
        return problem("JupyterLab is not installed", whole.install)
    if not _fits(line):
        return problem(f"JupyterLab {here} is not compatible: labkit needs {_range(line)}", whole.install)
    strange = [pid for pid in _running() if _is_of_another_python(pid)]
    if strange:
        return warning(
            f"JupyterLab {here}, but the running one (process {strange[0]}) belongs to another Python",
            "close it, and open the course with `labkit lab`",
        )
    return ok(f"JupyterLab {here}")


def _plural(names: list[str]) -> str:
    return "package" if len(names) == 1 else "packages"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _requirement(line: str) -> Any:
    """Parse a requirement; None if the library for that is missing."""
    for module in ("packaging", "pip._vendor.packaging"):
        with suppress(ImportError):
            found: Callable[[str], Any] = __import__(f"{module}.requirements", fromlist=["Requirement"]).Requirement
            return found(line)
    return None


def _is_for_us(line: str) -> bool:
    """Return whether a requirement is meant for this system and this Python."""
    requirement = _requirement(line)
    return requirement is None or requirement.marker is None or requirement.marker.evaluate({"extra": "lab"})


def _fits(line: str) -> bool:
    requirement, here = _requirement(line), _version(module_name(line))
    return requirement is None or (here is not None and requirement.specifier.contains(here, prereleases=True))


def _range(line: str) -> str:
    """Return a requirement's version range, lower bound first: a wheel's metadata sorts by operator."""
    return ",".join(sorted(line[len(module_name(line)) :].partition(";")[0].strip().split(","), reverse=True))


def _misfit(line: str) -> str:
    return f"{module_name(line)} {_range(line)}, not {_version(module_name(line))}"


def _running() -> list[int]:
    """Return the process ids of this user's Jupyter servers."""
    found = []
    with suppress(ImportError, OSError, RuntimeError):  # RuntimeError: no home folder, which `home` reports
        from jupyter_core.paths import jupyter_runtime_dir

        for path in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                found.append(int(json.loads(path.read_text(encoding="utf-8"))["pid"]))
    return found


def _is_of_another_python(pid: int) -> bool:
    """Return whether a process runs, and its command line shows another Python than ours."""
    if find_spec("psutil") is None:
        return False
    import psutil

    try:
        process = psutil.Process(pid)
        command = [os.path.normpath(os.path.join(process.cwd(), word)) for word in process.cmdline()]
    except psutil.Error:
        return False
    return bool(command) and not any(word.startswith(sys.prefix) for word in command)
