"""Read text files from other programs, such as spreadsheets, editors and shells.

UTF-8 is read with or without a byte order mark (BOM), UTF-16 and UTF-32 with one. Other encodings are refused instead
of guessed: the error says which encoding it looks like, in which line, and what to do.
"""

import codecs
import csv
import io
import re
from pathlib import Path

# UTF-32 first: its mark begins with that of UTF-16.
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


DIVIDED = "its columns are divided by semicolons or tabs; save it as CSV with commas"


class NotText(ValueError):
    """The file is not in UTF-8; the message names the line, the likely encoding, and what to do."""


class NotDivided(ValueError):
    """The columns are divided by something other than commas; the message names the line and what to do."""


def read(path: Path) -> str:
    """Return the text of a file, its line ends as they are. Raises OSError, NotText."""
    data = path.read_bytes()
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data:
        line = _line(data[: data.index(b"\0")])
        raise NotText(f"line {line} holds null bytes and looks like UTF-16 without a mark; {SAVE_AS}")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        likely = _likely(data) if encoding == "utf-8" else f"broken {encoding.upper()}"
        raise NotText(f"line {_line(data[: error.start])} is not in UTF-8 but looks like {likely}; {SAVE_AS}") from None


def rows(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file with commas. Raises OSError, NotText, NotDivided, csv.Error."""
    found = list(csv.reader(io.StringIO(read(path), newline="")))
    for number, row in enumerate(found, 1):
        if len(row) == 1 and (";" in row[0] or "\t" in row[0]):
            raise NotDivided(f"line {number}: {DIVIDED}")
    return found


def _line(before: bytes) -> int:
    return len((before + b".").splitlines())


def _likely(data: bytes) -> str:
    """Return the encoding in which the text looks most like names."""
    if _is_paired(data):
        return "GBK"
    return max(EIGHT_BIT, key=lambda name: _likeness(data.decode(EIGHT_BIT[name], "replace")))


def _is_paired(data: bytes) -> bool:
    """Return whether the non-ASCII bytes come in pairs, as in GBK, where two bytes are a Chinese character."""
    try:
        data.decode("gbk")
    except UnicodeDecodeError:
        return False
    return all(len(run) % 2 == 0 for run in re.findall(rb"[\x80-\xff]+", data))


def _likeness(text: str) -> int:
    """Score letters and apostrophes in positions usual for names: lower case inside a word, upper case at its start."""
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
