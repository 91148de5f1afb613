"""Run a program that ends with this process's stdin, so that it cannot outlive the process that asked for it.

    python -I -S tied_program.py PROGRAM ARGUMENT ...      prints the program's process id

A line on stdin asks the program to end; the end of stdin kills it. Only this process signals the program, because only
its parent knows that the process id has not been given to another process.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path


def tied(program: list[str]) -> list[str]:
    """Return the command that runs a program tied to its own stdin. It needs no installed library."""
    return [sys.executable, "-I", "-S", str(Path(__file__)), *program]


def _obey(child: "subprocess.Popen[bytes]") -> None:
    if os.read(0, 100):  # not sys.stdin, whose lock this thread would still hold when the interpreter ends
        child.terminate()
        while os.read(0, 100):
            pass
    child.kill()


def _main() -> int:
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    print(child.pid, flush=True)
    threading.Thread(target=_obey, args=(child,), daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(_main())
