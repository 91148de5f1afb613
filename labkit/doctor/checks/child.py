"""Check that this Python can start another one, which the lab's server and every checked answer need."""

import subprocess
import sys
from time import monotonic

from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem, warning

TIMEOUT_S = 6.0
SLOW_S = 3.0
ANSWER = "started"
POLICY = "ask whoever manages this machine to allow Python to start Python, or use another machine"


def child(_: Subject) -> Diagnosis:
    """Start a Python process that prints a word."""
    began = monotonic()
    try:
        command = [sys.executable or "python", "-I", "-c", f"print({ANSWER!r})"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return problem(f"a new Python process does not start within {TIMEOUT_S:g} s", POLICY)
    except OSError as error:
        return problem(f"Python cannot start another Python ({error.strerror or error})", POLICY)
    if done.stdout.strip() != ANSWER:
        return problem(f"a new Python process is stopped at once (exit code {done.returncode})", POLICY)
    if monotonic() - began > SLOW_S:
        return warning(
            f"a new Python process takes {monotonic() - began:.0f} s to start",
            "if a scanner checks every program, exclude Python's folder; close other programs",
        )
    return ok("Python can start another Python")
