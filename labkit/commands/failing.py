"""How a verb says that it cannot run: one line on stderr, exit code 2."""

import click


class CannotRun(click.ClickException):
    """The message names the fault and the way out."""

    exit_code = 2
