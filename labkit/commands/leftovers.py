"""A start that fails leaves nothing behind: the files that it made are taken away again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labkit.wire.audit.opening import holder


def beside(audit: Path) -> list[Path]:
    """An audit file, and what a server or a class makes beside it; nothing for a path without a name, such as `.`."""
    if not audit.name:
        return []
    others = [audit.with_name(audit.name + ending) for ending in ("-wal", "-shm", ".lock")]
    return [audit, *others, *(audit.with_suffix(ending) for ending in (".key", ".pem", ".crt"))]


@contextmanager
def nothing_left(paths: Iterable[Path], audit: Path | None = None) -> Iterator[Callable[[], None]]:
    """Files that were not there before go when the block fails, unless what is yielded was called: then they stay.

    An audit file that another server has opened meanwhile is that server's.
    """
    made = [path for path in paths if not path.exists()]
    try:
        yield made.clear
    except BaseException:
        if made and (audit is None or holder(audit) is None):
            for path in made:
                with suppress(OSError):
                    path.unlink()
        raise
