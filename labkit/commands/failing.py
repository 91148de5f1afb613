"""How a verb says that it cannot run: one line on stderr, exit code 2."""

from typing import IO, Any

import click

from labkit.wire.output import never_waiting


class CannotRun(click.ClickException):
    """The message names the fault and the way out."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it, unless nobody reads: a full pipe must not keep the process."""
        with never_waiting():
            super().show(file)
