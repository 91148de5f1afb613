"""Read text as Python does: detect a file's encoding, and split its lines."""

import codecs
import io
import re
import tokenize
from pathlib import Path

from labkit.platform import plain_file

MOST_CHARACTERS = 1_000_000
_MARKS = {  # UTF-32 first: its little-endian mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
SAVE = "save it as UTF-8 (in an editor: Save with Encoding, UTF-8) and check it again"


class NoSource(ValueError):
    """No answer was found to judge; the message says why, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows instead of a traceback."""
        return [f"NoSource: {self}"]


def read(path: Path, *, is_python: bool = True) -> str:
    """Return the text of a file, with `\\n` at the end of each line. Raises NoSource.

    A Python file may declare its encoding in a coding line (PEP 263); any other file is UTF-8. A byte order mark is
    removed.
    """
    try:
        data = plain_file.read_bytes(path, may_be_given=True)
    except OSError as error:
        raise NoSource(f"cannot read {path}: {error.strerror}") from None
    _refuse_wide(data, path)
    text = unified(_decoded(data, path, _encoding(data, path) if is_python else "utf-8-sig", is_python))
    if len(text) > MOST_CHARACTERS:
        raise NoSource(f"{path} has {len(text)} characters; an answer has at most {MOST_CHARACTERS}")
    return text


def _refuse_wide(data: bytes, path: Path) -> None:
    found = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if found is None and len(data) > 1 and b"\0" in data[:2]:
        found = "UTF-16 without a byte order mark"
    if found is not None:
        raise NoSource(f"{path} is saved as {found}, which Python cannot read; {SAVE}")


def _encoding(data: bytes, path: Path) -> str:
    try:
        encoding, first = tokenize.detect_encoding(io.BytesIO(data).readline)
        b"".join(first).decode(encoding)
    except SyntaxError as error:
        if "invalid or missing" in str(error):
            return "utf-8"  # decoding will name the byte and its line
        raise NoSource(f"the coding line of {path} cannot be used ({error.msg}); remove it, and {SAVE}") from None
    except LookupError:
        raise NoSource(f"the coding line of {path} does not name a text encoding; remove it, and {SAVE}") from None
    except UnicodeError:
        pass  # decoding will name the byte and its line
    return encoding


def _decoded(data: bytes, path: Path, encoding: str, is_python: bool) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(lines(data[: error.start].decode("latin-1")))
        name = "UTF-8" if encoding.startswith("utf-8") else encoding
        problem = f"{path} is not {name}: line {line} has the byte 0x{data[error.start]:02x}"
        instead = ", or name its encoding in line 1, such as `# coding: cp1252`"
        raise NoSource(f"{problem}; {SAVE}{instead if is_python and name == 'UTF-8' else ''}") from None
    except UnicodeError as error:
        raise NoSource(f"{path} is not {encoding}: {error}; {SAVE}") from None


def unified(text: str) -> str:
    """Replace `\\r\\n` and `\\r` with `\\n`, as Python does when it reads a source file."""
    return re.sub(r"\r\n?", "\n", text)


def lines(text: str) -> list[str]:
    r"""Split text into lines as Python does: only at \n, \r\n or \r.

    `str.splitlines` also splits at form feeds, U+0085, U+2028 and others, which may occur in a comment or a string.
    """
    return unified(text).split("\n")
