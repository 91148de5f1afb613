"""Operating-system errors as text for people: what failed, and what to do."""

import errno
import socket
import ssl
import sys
from datetime import datetime

_WAYS_OUT = {
    errno.ENOSPC: "free some space there, or use another disk",
    errno.EDQUOT: "your quota there is used up: delete something, or use another disk",
    errno.EROFS: "nothing can be written there: choose another folder",
    errno.EACCES: "check the permissions of the file and its folder",
    errno.EPERM: "check the permissions of the file and its folder",
    errno.ENOENT: "check the path; a missing folder has to be made first",
    errno.ENOTDIR: "a part of the path is a file: check the path",
    errno.EISDIR: "it is a folder: name a file",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "this process may open no more files: raise `ulimit -n`",
    errno.ENFILE: "the system has no more files to open: end other programs",
    errno.ENOMEM: "the system has no memory left: end other programs",
    errno.ENOLCK: "that file system has no locks: use a local disk",
    errno.ENOSYS: "that file system cannot do this: use a local disk",
    errno.EOPNOTSUPP: "that file system cannot do this: use a local disk",
    errno.EIO: "the disk reports an error: use another disk",
    errno.EADDRINUSE: "stop the program that has it, or choose another port (0 picks one)",
    errno.EADDRNOTAVAIL: "this machine has no such address: choose one of its own",
    socket.EAI_NONAME: "no such name is known here: check it, or give an address such as 127.0.0.1 or ::1",
}
_NOT_YET, _NO_MORE = 9, 10  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED


def describe(error: OSError) -> str:
    """Return `FILE: the system's message; what to do`, as far as each is known."""
    return why(error) if error.filename is None else f"{error.filename}: {why(error)}"


def why(error: OSError) -> str:
    """Return the same without the file, for a sentence that already names it."""
    clock = clock_fault(error)
    if clock is not None:
        return clock
    way_out = _WAYS_OUT.get(error.errno or 0)
    return f"{error.strerror or error}{f'; {way_out}' if way_out else ''}"


def clock_fault(error: BaseException) -> str | None:
    """Explain a certificate that is outside its dates by this machine's clock; None for any other error.

    An error of `urllib` has the original error as its `reason`.
    """
    met = getattr(error, "reason", error)
    code = next((one.verify_code for one in (error, met) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if code not in (_NOT_YET, _NO_MORE):
        return None
    clock = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    if code == _NOT_YET:
        return f"your clock says {clock}, and the server's certificate begins later; set the clock"
    return (
        f"your clock says {clock}, and the server's certificate ended before; set the clock, or renew the certificate"
    )


def is_closed_pipe(error: OSError) -> bool:
    """Return whether the reader of a pipe has gone. Windows reports that as an invalid argument."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)
