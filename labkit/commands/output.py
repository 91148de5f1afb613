"""An option type for output files. Paths are checked before a run, so that a bad one does not waste minutes."""

import errno
import os
from pathlib import Path
from typing import Any

import click

STDOUT = Path("-")


class OutputFile(click.Path):
    """Accept a writable path, or `-` for standard output if `dash` is set. The file is not created yet."""

    def __init__(self, *, suffix: str | None = None, dash: bool = False) -> None:
        super().__init__(path_type=Path)
        self._suffix = suffix
        self._dash = dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path. Raises click.BadParameter with the reason if it cannot be written."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if self._dash and path == STDOUT:
            return path
        if self._suffix is not None and path.suffix != self._suffix:
            kind = self._suffix.removeprefix(".").upper()
            self.fail(
                f"{path.name}: the picture is saved as {kind}; give a name that ends in {self._suffix}", param, ctx
            )
        try:
            _try(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self.fail(f"cannot write {path}: {reason}; name another file", param, ctx)
        return path


def _try(path: Path) -> None:
    """Check that the file can be opened or created, without leaving a new file behind.

    Leaves pipes and devices alone.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.is_file():
        os.close(os.open(path, os.O_WRONLY))
    elif not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        path.unlink()
