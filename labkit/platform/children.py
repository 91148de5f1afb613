"""Programs that this one starts: out of reach of its terminal's Ctrl-C, and ended with all that they have started."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import psutil

OWN_GROUP: "dict[str, Any]"
"""Options of `Popen` for a program that neither Ctrl-C nor an interrupted notebook cell reaches."""

if sys.platform == "win32":
    # Without CREATE_NO_WINDOW, each program that a notebook starts would open a console window.
    OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}

    def kill_group(pid: int) -> None:
        """Kill a program that was started with OWN_GROUP, and all that it has started."""
        with suppress(psutil.NoSuchProcess):
            program = psutil.Process(pid)
            for one in [program, *program.children(recursive=True)]:
                with suppress(psutil.Error):
                    one.kill()

    def become(command: Sequence[str]) -> NoReturn:
        """Run a program in this one's place, and end with its exit code. Ctrl-C is for that program alone."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(subprocess.call(command))

else:
    OWN_GROUP = {"start_new_session": True}

    def kill_group(pid: int) -> None:
        """Kill a program that was started with OWN_GROUP, and all that it has started."""
        with suppress(ProcessLookupError, PermissionError):  # macOS: a group of zombies may not be signalled
            os.killpg(pid, signal.SIGKILL)

    def become(command: Sequence[str]) -> NoReturn:
        """Run a program in this one's place: a signal to this process then reaches that program."""
        os.execv(command[0], list(command))


def end_by_stdin(process: "subprocess.Popen[Any]") -> None:
    """Ask a program that watches its stdin to end: close it. It works on every system, and on a stopped console."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def count_on_exit_codes() -> None:
    """Let the system keep the exit codes of this program's children, though its parent may have ignored SIGCHLD."""
    if hasattr(signal, "SIGCHLD") and signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
