"""Make sure that descriptors 0, 1 and 2 are open. Some supervisors start processes without them."""

import os

LAST = 2  # stderr


def fill_standard_streams() -> None:
    """Open the null device on each standard descriptor that is closed.

    Otherwise the next socket or audit file would get that number, and receive any output that bypasses `sys.stdout`.
    uvloop aborts the process when it closes such a socket. `sys.stdin` and the others stay None.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
