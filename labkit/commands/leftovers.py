"""Clean up after a failed start: delete the files that it created."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labkit.wire.audit.opening import holder


def beside(audit: Path) -> list[Path]:
    """Return an audit file and all files that a server or a class creates beside it. A path such as `.` has none."""
    if not audit.name:
        return []
    others = [audit.with_name(audit.name + ending) for ending in ("-wal", "-shm", ".lock")]
    return [audit, *others, *(audit.with_suffix(ending) for ending in (".key", ".pem", ".crt"))]


@contextmanager
def nothing_left(paths: Iterable[Path], audit: Path | None = None) -> Iterator[Callable[[], None]]:
    """If the block fails, delete the files that it created, unless it has called the yielded function.

    An audit file that another server has opened in the meantime is kept.
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
