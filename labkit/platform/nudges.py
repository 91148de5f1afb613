"""Ask another process of this user to do something: SIGUSR1 and SIGUSR2, and on Windows a named event for each."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from labkit.platform.signals import on_signal

FIRST, SECOND = "SIGUSR1", "SIGUSR2"

if sys.platform == "win32":
    import ctypes
    from threading import Thread

    _KERNEL = ctypes.WinDLL("kernel32", use_last_error=True)
    _KERNEL.CreateEventW.restype = _KERNEL.OpenEventW.restype = ctypes.c_void_p
    _KERNEL.CreateEventW.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_wchar_p]
    _KERNEL.OpenEventW.argtypes = [ctypes.c_ulong, ctypes.c_int, ctypes.c_wchar_p]
    _KERNEL.SetEvent.argtypes = _KERNEL.CloseHandle.argtypes = [ctypes.c_void_p]
    _KERNEL.WaitForSingleObject.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    _MAY_SET, _FOREVER = 2, 0xFFFF_FFFF

    def on_nudge(name: str, action: Callable[[], object]) -> None:
        """Call `action` in the running loop whenever another process sends this nudge."""
        loop = asyncio.get_running_loop()
        event = _KERNEL.CreateEventW(None, False, False, _event(os.getpid(), name))

        def wait() -> None:
            while _KERNEL.WaitForSingleObject(event, _FOREVER) == 0 and not loop.is_closed():
                loop.call_soon_threadsafe(action)

        Thread(target=wait, name=f"labkit {name}", daemon=True).start()

    def nudge(pid: int, name: str) -> None:
        """Send a nudge to a process. Raises OSError."""
        event = _KERNEL.OpenEventW(_MAY_SET, False, _event(pid, name))
        if not event:
            raise ctypes.WinError(ctypes.get_last_error())
        _KERNEL.SetEvent(event)
        _KERNEL.CloseHandle(event)

    def _event(pid: int, name: str) -> str:
        return f"Local\\labkit-{pid}-{name}"

else:

    def on_nudge(name: str, action: Callable[[], object]) -> None:
        """Call `action` in the running loop whenever another process sends this nudge."""
        on_signal(getattr(signal, name), action)

    def nudge(pid: int, name: str) -> None:
        """Send a nudge to a process. Raises OSError."""
        os.kill(pid, getattr(signal, name))
