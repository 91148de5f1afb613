"""Keep one process of somebody else's code: start it with limits, and end with it whatever it has started.

    python keeper.py CPU_S MEMORY_BYTES FILES COMMAND...       confined.py runs this

The keeper is the process's parent, so code that stops or kills its parent reaches nothing of ours. It runs without
site-packages, because a check waits for it, so it imports the standard library only.
"""

import contextlib
import os
import sys

if sys.platform == "win32":
    import ctypes
    import subprocess

    KILL_ON_CLOSE, PROCESS_MEMORY = 0x2000, 0x100
    EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
    FLAGS_AT, MEMORY_AT, LONG = 2, 14, 18  # in words of 8 bytes, of JOBOBJECT_EXTENDED_LIMIT_INFORMATION

    def keep(command: list[str], cpu_s: int, memory: int, files: int) -> None:
        """Run the command in a job, which ends with the keeper. Windows has no limit of processor time and files."""
        limits = (ctypes.c_uint64 * LONG)()
        limits[FLAGS_AT], limits[MEMORY_AT] = KILL_ON_CLOSE | PROCESS_MEMORY, memory
        kernel = ctypes.windll.kernel32
        kernel.CreateJobObjectW.restype = kernel.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        kernel.SetInformationJobObject(job, EXTENDED_LIMITS, limits, ctypes.sizeof(limits))
        kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))
        kept = subprocess.Popen(command)
        _let_go_of_the_streams()
        kept.wait()

else:
    import resource
    import signal

    def keep(command: list[str], cpu_s: int, memory: int, files: int) -> None:
        """Run the command in a session of its own."""
        kept = os.fork()
        if kept == 0:
            _become(command, cpu_s, memory, files)
        _let_go_of_the_streams()
        _adopt_orphans()
        os.waitpid(kept, 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(kept, signal.SIGKILL)
        _end_orphans()

    def _become(command: list[str], cpu_s: int, memory: int, files: int) -> None:
        os.setsid()
        for limit, most in (
            (resource.RLIMIT_CPU, cpu_s),
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_NOFILE, files),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # macOS refuses the one for memory
                resource.setrlimit(limit, (most, most))
        try:
            os.execv(command[0], command)
        except OSError as error:
            os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
            os._exit(127)

    def _adopt_orphans() -> None:
        """Become the parent of processes that are left behind. Only Linux can."""
        if sys.platform == "linux":
            import ctypes

            ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER

    def _end_orphans() -> None:
        while orphans := _children():
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.wait()

    def _children() -> list[int]:
        with contextlib.suppress(OSError), open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
        return []


def _let_go_of_the_streams() -> None:
    """Leave them to the kept process alone: its end is seen as their end, and what it prints is its own."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


if __name__ == "__main__":
    keep(sys.argv[4:], *map(int, sys.argv[1:4]))
