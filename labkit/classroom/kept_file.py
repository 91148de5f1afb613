"""Change a file in a student's home that several of the student's programs may change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.course.progress import using_home
from labkit.platform import plain_file
from labkit.platform.locks import locked


@contextmanager
def changing(path: Path, lock_name: str) -> Iterator[None]:
    """Hold the lock beside a file, and make its folder if it is missing. Raises NoHome."""
    with using_home(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = path.with_name(lock_name)
        plain_file.check(lock)
        with lock.open("a", encoding="ascii") as file, locked(file.fileno()):
            yield
