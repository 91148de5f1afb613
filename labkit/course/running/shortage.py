"""Detect shortages: a machine or shell that allows too few files or processes, or too little memory, for a check.

A shortage says nothing about the answer, so the verdict is never fail. An answer has limits of its own (FILES and
MEMORY, set by `answer_main`). An answer that exhausts those is itself at fault.
"""

import errno
import mmap
from collections.abc import Iterator

from labkit.platform import memory_limit, open_files

FILES = 256  # for an answer; a check of one handler opens up to 60 at once on its own side
MEMORY = 2 * 1024**3
CHECK_FILES = 100
CHECK_MEMORY = 64 * 1024**2  # of address space, beyond what is in use
RAISED_TO = 1024  # select() takes no more
_NO_THREAD = "can't start new thread"
_AGAIN = "end some programs, and check again"
_SENTENCES = {
    errno.EMFILE: "this shell allows too few open files; raise the limit with `ulimit -n 1024`, and check again",
    errno.ENFILE: f"this machine has no free file descriptors left; {_AGAIN}",
    errno.ENOMEM: f"this machine or shell has too little memory; see `ulimit -v`, or {_AGAIN}",
    errno.EAGAIN: f"no more threads or processes can start; see `ulimit -u` and `ulimit -v`, or {_AGAIN}",
}


def shortage(error: BaseException) -> str:
    """Return the shortage behind an error, and what to do about it, or "" if there is none."""
    return next((_SENTENCES[number] for one in _chain(error) if (number := _errno(one)) in _SENTENCES), "")


def of_ours(error: BaseException) -> str:
    """Return the shortage behind an error in an answer's process, or "" if the answer has exhausted its own limits."""
    number = next((number for one in _chain(error) if (number := _errno(one)) in _SENTENCES), 0)
    has_all = {
        errno.EMFILE: (open_files.most() or FILES) >= FILES,
        errno.ENOMEM: (memory_limit.most() or MEMORY) >= MEMORY,
    }
    return "" if has_all.get(number, False) else _SENTENCES.get(number, "")


def no_room_for_a_check() -> str:
    """Return why this process cannot run a check, and what to do about it, or "" if it can."""
    try:
        mmap.mmap(-1, CHECK_MEMORY).close()  # asyncio would only log a MemoryError in a callback
    except OSError as error:
        return shortage(error)
    return _too_few_files()


def _too_few_files() -> str:
    """Raise the soft limit of open files if needed; return why a check still cannot open enough, or ""."""
    allowed, used = open_files.most(), open_files.now()
    if allowed is not None and allowed - used < CHECK_FILES:
        allowed = open_files.raise_limit(RAISED_TO)
    if allowed is None or allowed - used >= CHECK_FILES:
        return ""
    return (
        f"a check opens up to {CHECK_FILES} files at once; this shell allows {allowed}, of which {used} are in use; "
        "raise the limit with `ulimit -n 1024`, and check again"
    )


def _errno(error: BaseException) -> int:
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return errno.EAGAIN
    return error.errno or 0 if isinstance(error, OSError) else 0


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, except BlockingIOError, which asyncio raises and handles all the time."""
    yield error
    for one in (*getattr(error, "exceptions", ()), error.__cause__ or error.__context__):
        if one is not None and not isinstance(one, BlockingIOError):
            yield from _chain(one)
