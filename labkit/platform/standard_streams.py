"""The descriptors 0, 1 and 2 of a process that may have been started without them, as some supervisors do."""

import os

LAST = 2  # stderr


def fill_standard_streams() -> None:
    """Point each standard descriptor that is closed at the null device.

    Otherwise the next socket or audit file gets its number, and receives what is printed past `sys.stdout`; uvloop
    aborts the process when it closes such a socket. `sys.stdin` and the others stay None.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
