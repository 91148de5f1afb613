"""Look whether a pipe has data, without waiting in a read that another process can make last for ever."""

import sys
from time import sleep

if sys.platform == "win32":
    import _winapi
    import msvcrt

    def has_data(descriptor: int, longest_s: float) -> bool:
        """Return whether a read would return at once, with data or with the pipe's end. Wait for that if need be."""
        try:
            if _winapi.PeekNamedPipe(msvcrt.get_osfhandle(descriptor), 0)[0]:
                return True
        except BrokenPipeError:
            return True
        sleep(longest_s)
        return False

else:
    import select

    def has_data(descriptor: int, longest_s: float) -> bool:
        """Return whether a read would return at once, with data or with the pipe's end. Wait for that if need be."""
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(longest_s * 1000))
