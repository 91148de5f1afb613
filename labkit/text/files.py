"""Read text files written by other programs, such as spreadsheets, editors and shells.

UTF-8 may have a byte order mark (BOM); UTF-16 and UTF-32 must have one. Other encodings are refused rather than
guessed. The error names the line, the likely encoding, and what to do.
"""

import codecs
import csv
import io
import re
from pathlib import Path

# UTF-32 comes first, because its mark begins with UTF-16's.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
EIGHT_BIT = {"Windows-1252": "cp1252", "Mac Roman": "mac_roman"}
COMMON = frozenset("áàâäãåéèêëíìîïóòôöõúùûüñçßøæ")
SAVE_AS = "save it as UTF-8: `CSV UTF-8` in a spreadsheet, `Save as` in an editor"


DIVIDED = "the columns are separated by semicolons or tabs; save the file as CSV with commas"


class NotText(ValueError):
    """The file is not UTF-8. The message names the line, the likely encoding, and what to do."""


class NotDivided(ValueError):
    """The columns are not separated by commas. The message names the line and what to do."""


def read(path: Path) -> str:
    """Return the text of a file, with its line endings unchanged. Raises OSError, NotText."""
    data = path.read_bytes()
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data:
        line = _line(data[: data.index(b"\0")])
        raise NotText(f"line {line} contains null bytes and looks like UTF-16 without a BOM; {SAVE_AS}")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        likely = _likely(data) if encoding == "utf-8" else f"broken {encoding.upper()}"
        raise NotText(f"line {_line(data[: error.start])} is not UTF-8; it looks like {likely}; {SAVE_AS}") from None


def rows(path: Path) -> list[list[str]]:
    """Return the rows of a comma-separated file. Raises OSError, NotText, NotDivided, csv.Error."""
    found = list(csv.reader(io.StringIO(read(path), newline="")))
    for number, row in enumerate(found, 1):
        if len(row) == 1 and (";" in row[0] or "\t" in row[0]):
            raise NotDivided(f"line {number}: {DIVIDED}")
    return found


def _line(before: bytes) -> int:
    return len((before + b".").splitlines())


def _likely(data: bytes) -> str:
    """Return the encoding that makes the text look most like people's names."""
    if _is_paired(data):
        return "GBK"
    return max(EIGHT_BIT, key=lambda name: _likeness(data.decode(EIGHT_BIT[name], "replace")))


def _is_paired(data: bytes) -> bool:
    """Return whether all non-ASCII bytes come in pairs. In GBK, a Chinese character takes two bytes."""
    try:
        data.decode("gbk")
    except UnicodeDecodeError:
        return False
    return all(len(run) % 2 == 0 for run in re.findall(rb"[\x80-\xff]+", data))


def _likeness(text: str) -> int:
    """Score how much a text looks like names: capitals at the start of words, lower case and apostrophes inside."""
    score = 0
    for before, char, after in zip(" " + text, text, text[1:] + " "):
        if char.isascii():
            continue
        is_within = before.isalpha() and not after.isupper()
        if char.islower() and is_within:
            score += 2 if char in COMMON else 1
        elif (char.isupper() and not before.isalpha() and after.islower()) or (
            char == "\u2019" and before.isalpha() and after.isupper()
        ):
            score += 2
    return score
