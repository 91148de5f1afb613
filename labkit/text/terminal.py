"""Write to terminals whose encoding lacks some characters.

A missing character must not abort a command, so the nearest plain character or an escape sequence replaces it.
"""

import codecs
import sys

import click

PLAIN = {"✓": "+", "✗": "x", "→": "->", "…": "..."}
HANDLER = "labkit.text.nearest"


def show_everything() -> None:
    """Make standard output and error replace the characters they cannot encode instead of raising."""
    codecs.register_error(HANDLER, _nearest)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a notebook's or a test's stream may not have it
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def _nearest(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode() for char in missing), error.end


class Sheet:
    """Writes a CSV table to standard output.

    Output to a file or a pipe is UTF-8 with a byte order mark. Without the mark, spreadsheets assume an older encoding.
    """

    def __init__(self, has_mark: bool = True) -> None:
        """Set `has_mark` to False for programs that do not expect the mark."""
        self._is_shown = bool(sys.stdout and sys.stdout.isatty())
        self._begin = codecs.BOM_UTF8 if has_mark else b""

    def write(self, text: str) -> None:
        """Write text unchanged, including control characters: they are part of the data."""
        if self._is_shown:
            click.echo(text, nl=False, color=True)
            return
        click.echo(self._begin + text.encode("utf-8", "backslashreplace"), nl=False)
        self._begin = b""
