"""Run a verb on Linux as far as possible as macOS would: `python -m tests.platform.as_on_macos serve --port 0`.

There: no /proc, 256 files at first, a highest limit that is called infinite and refused, a loop without epoll, no fork
of our own, and a shared port that is not balanced. Servers and answers that the verb starts are patched too. Here
the loop polls, as Linux has no kqueue. `kernel -f FILE` in place of a verb is a kernel for notebooks.
"""

import runpy
import sys
from pathlib import Path

import labkit.bench.launch.python as starting

PATCH = r"""
import array, asyncio, fcntl, importlib, os, platform, resource, selectors, socket, sys, sysconfig, termios
for name in "ctypes.util multiprocessing platform psutil shutil ssl subprocess tempfile urllib.request uuid".split():
    importlib.import_module(name)  # they ask for the system as they are imported
sysconfig.get_config_vars()
platform.mac_ver = lambda: ("14.0", ("", "", ""), "arm64")
sys.platform = "darwin"
selectors.DefaultSelector = selectors.PollSelector
del selectors.EpollSelector, os.fork
usual_get, usual_set, MOST = resource.getrlimit, resource.setrlimit, 10_240
usual_set(resource.RLIMIT_NOFILE, (256, usual_get(resource.RLIMIT_NOFILE)[1]))
def get(what):
    return (usual_get(what)[0], resource.RLIM_INFINITY) if what == resource.RLIMIT_NOFILE else usual_get(what)
def set(what, limits):
    if what == resource.RLIMIT_NOFILE:
        if not 0 <= limits[0] <= MOST:
            raise ValueError("current limit exceeds maximum limit")
        limits = min(limits[0], usual_get(what)[1]), usual_get(what)[1]
    usual_set(what, limits)
resource.getrlimit, resource.setrlimit = get, set
usual_option = socket.socket.getsockopt
def option(sock, level, name, *size):
    if (level, name) != (socket.SOL_SOCKET, 0x1024):  # SO_NWRITE
        return usual_option(sock, level, name, *size)
    held = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, held)
    return held[0]
socket.socket.getsockopt = option
def no_proc(event, arguments):
    if event in ("open", "os.listdir") and arguments and str(arguments[0]).startswith("/proc"):
        if "psutil" not in sys._getframe(1).f_globals.get("__name__", ""):
            raise FileNotFoundError(2, "No such file or directory", arguments[0])
sys.addaudithook(no_proc)
"""

if __name__ == "__main__":
    starting.BOOT = PATCH + starting.BOOT
    from labkit.cli import main

    exec(PATCH, {})
    if sys.argv[1] == "kernel":
        del sys.argv[1]
        runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = str(Path(sys.executable).with_name("labkit"))
        main()
