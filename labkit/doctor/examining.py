"""Run the checks in parallel, and never fail: a check that crashes or hangs becomes a diagnosis.

for line in examine(Subject()):
    print(line.name, line.diagnosis)
"""

from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import NamedTuple

from labkit.doctor.checks.child import child
from labkit.doctor.checks.class_server import class_server, clock
from labkit.doctor.checks.loopback import ipv6, listen, loopback, port, proxy
from labkit.doctor.checks.software import jupyter, packages, python
from labkit.doctor.checks.storage import disk, folder, home
from labkit.doctor.diagnosis import Diagnosis, Subject, problem

Check = Callable[[Subject], Diagnosis]
CHECKS: dict[str, Check] = {
    "python": python,
    "packages": packages,
    "jupyter": jupyter,
    "listen": listen,
    "ipv6": ipv6,
    "loopback": loopback,
    "port": port,
    "proxy": proxy,
    "child": child,
    "home": home,
    "folder": folder,
    "disk": disk,
    "class": class_server,
    "clock": clock,
}
LONGEST_S = 7.5


class Line(NamedTuple):
    """One check's name and its result."""

    name: str
    diagnosis: Diagnosis


def examine(subject: Subject, checks: Mapping[str, Check] = CHECKS, longest_s: float = LONGEST_S) -> Iterator[Line]:
    """Yield the result of each check, in order, as soon as it is known."""
    running = [(name, _begin(check, subject)) for name, check in checks.items()]
    ends = monotonic() + longest_s
    for name, result in running:
        try:
            yield Line(name, result.get(timeout=max(0.0, ends - monotonic())))
        except Empty:
            todo = "close other programs; if a scanner checks every file, exclude Python's folder"
            yield Line(name, problem(f"the check {name!r} did not finish in {longest_s:g} s", todo))


def failed(lines: list[Line]) -> list[str]:
    """Return the names of the checks that found a problem."""
    return [line.name for line in lines if line.diagnosis.status == "problem"]


def _begin(check: Check, subject: Subject) -> "SimpleQueue[Diagnosis]":
    """Run a check in a thread that does not keep the process alive if the check hangs."""
    result: SimpleQueue[Diagnosis] = SimpleQueue()
    Thread(target=lambda: result.put(safely(lambda: check(subject))), daemon=True).start()
    return result


def safely(check: Callable[[], Diagnosis]) -> Diagnosis:
    """Run one check, and return a diagnosis whatever happens."""
    try:
        return check()
    except ImportError as error:  # `packages` reports what is missing
        return Diagnosis("warning", f"not checked, because {error.name or error} is missing", "install it first")
    except OSError as error:
        return problem(f"this check is not possible on this machine ({error.strerror or error})", "ask your instructor")
    except Exception as error:
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        return Diagnosis("warning", f"labkit could not check this ({cause})", "report this line to labkit", True)
