"""The error raised when a verb cannot run: one line on stderr, and exit code 2."""

from typing import IO, Any

import click

from labkit.wire.output import never_waiting


class CannotRun(click.ClickException):
    """A verb could not run; the message says why and what to do."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message without blocking on a full pipe that nobody reads."""
        with never_waiting():
            super().show(file)
