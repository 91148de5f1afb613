"""Explain operating-system errors to people: what failed, and what to do about it."""

import errno
import socket
import ssl
import sys
from datetime import datetime

_WAYS_OUT = {
    errno.ENOSPC: "free some space there, or use another disk",
    errno.EDQUOT: "your disk quota is used up: delete something, or use another disk",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.EACCES: "check the permissions of the file and its folder",
    errno.EPERM: "check the permissions of the file and its folder",
    errno.ENOENT: "check the path; if a folder is missing, create it first",
    errno.ENOTDIR: "part of the path is a file: check the path",
    errno.EISDIR: "it is a folder: choose a file name",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "this process has too many open files: raise `ulimit -n`",
    errno.ENFILE: "the system has too many open files: close other programs",
    errno.ENOMEM: "the system is out of memory: close other programs",
    errno.ENOLCK: "that file system does not support locks: use a local disk",
    errno.ENOSYS: "that file system does not support this: use a local disk",
    errno.EOPNOTSUPP: "that file system does not support this: use a local disk",
    errno.EIO: "the disk reports an error: use another disk",
    errno.EADDRINUSE: "stop the program that uses it, or choose another port (0 picks a free one)",
    errno.EADDRNOTAVAIL: "this machine does not have that address: choose one of its own",
    socket.EAI_NONAME: "this name is unknown here: check it, or use an address such as 127.0.0.1 or ::1",
}
_NOT_YET, _NO_MORE = 9, 10  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED


def describe(error: OSError) -> str:
    """Return `FILE: the system's message; what to do`. Leave out what is not known."""
    return why(error) if error.filename is None else f"{error.filename}: {why(error)}"


def why(error: OSError) -> str:
    """Return the system's message and what to do, without the file, for a sentence that already names it."""
    clock = clock_fault(error)
    if clock is not None:
        return clock
    way_out = _WAYS_OUT.get(error.errno or 0)
    return f"{error.strerror or error}{f'; {way_out}' if way_out else ''}"


def clock_fault(error: BaseException) -> str | None:
    """Explain a certificate that is expired or not yet valid by this machine's clock; None for any other error.

    A `urllib` error holds the original error in its `reason`.
    """
    met = getattr(error, "reason", error)
    code = next((one.verify_code for one in (error, met) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if code not in (_NOT_YET, _NO_MORE):
        return None
    clock = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    if code == _NOT_YET:
        return f"your clock says {clock}, before the server's certificate becomes valid; set the clock"
    return f"your clock says {clock}, after the server's certificate expired; set the clock, or renew the certificate"


def is_closed_pipe(error: OSError) -> bool:
    """Return whether a pipe's reader has gone. Windows reports that as an invalid argument."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)
