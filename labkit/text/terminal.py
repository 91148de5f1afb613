"""Standard output and error on a terminal, or in a file, that cannot show every character.

A character that is missing there must not end a verb half-way: it is shown as the nearest plain one, or by its number.
"""

import codecs
import sys

import click

PLAIN = {"✓": "+", "✗": "x", "→": "->", "…": "..."}
HANDLER = "labkit.text.nearest"


def show_everything() -> None:
    """From now on, no character ends the process."""
    codecs.register_error(HANDLER, _nearest)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a notebook's or a test's own stream may have none
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def _nearest(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode() for char in missing), error.end


class Sheet:
    """Standard output for a CSV table.

    In a file or a pipe it is UTF-8 with a byte order mark, without which spreadsheets take it for an older encoding.
    """

    def __init__(self, has_mark: bool = True) -> None:
        """`has_mark` off: for a program that does not expect the mark."""
        self._is_shown = bool(sys.stdout and sys.stdout.isatty())
        self._begin = codecs.BOM_UTF8 if has_mark else b""

    def write(self, text: str) -> None:
        """Write as it is: a cell's control characters belong to the record."""
        if self._is_shown:
            click.echo(text, nl=False, color=True)
            return
        click.echo(self._begin + text.encode("utf-8", "backslashreplace"), nl=False)
        self._begin = b""
