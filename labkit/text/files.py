"""Read text files written by other programs, such as spreadsheets, editors and shells.

UTF-8 may have a byte order mark (BOM); UTF-16 and UTF-32 must have one. Other encodings are refused rather than
guessed. The error names the line, the likely encoding, and what to do.
"""

import codecs
import csv
import io
import re
from pathlib import Path

from labkit.platform import plain_file

# UTF-32 comes first, because its mark begins with UTF-16's.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet (such as .xlsx, .ods or .numbers) or an archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old spreadsheet (.xls) or document",
    b"%PDF-": "a PDF",
    b"{\\rtf": "a document (.rtf)",
}
EIGHT_BIT = {"Windows-1252": "cp1252", "Mac Roman": "mac_roman"}
CYRILLIC = {"Windows-1251": "cp1251", "KOI8-R": "koi8-r", "DOS code page 866": "cp866"}
CYRILLIC_NAME = re.compile("[\u0410-\u042f\u0401][\u0430-\u044f\u0451]*")
CHINESE, KOREAN = "[\u4e00-\u9fff\u00b7\u3000\uff08\uff09]", "[\uac00-\ud7a3]"
JAPANESE = "[\u3005\u3040-\u30ff\u4e00-\u9fff\u3000]"
TWO_BYTES = {  # an encoding, the letters of its names, the first bytes of the usual ones, and usual surnames
    "Shift-JIS": ("cp932", JAPANESE, range(0x81, 0x99), "佐鈴高田渡伊山中小加吉松井木林斎清森池橋石藤村"),
    "EUC-KR": ("euc-kr", KOREAN, range(0xB0, 0xC9), "김이박최정강조윤장임한오서신권황안송전홍고문양손배백허유남심노하"),
    "GBK": (
        "gbk",
        CHINESE,
        range(0xB0, 0xD8),
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许",
    ),
    "Big5": (
        "big5",
        CHINESE,
        range(0xA4, 0xC7),
        "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝許蔡洪曾邱廖賴蘇葉呂江",
    ),
}
COMMON = frozenset("áàâäãåéèêëíìîïóòôöõúùûüñçßøæ")
SAVE_AS = "save it as UTF-8: `CSV UTF-8` in a spreadsheet, `Save as` in an editor"


DIVIDED = "the columns are separated by semicolons or tabs; save the file as CSV with commas"


class NotText(ValueError):
    """The file is not UTF-8. The message names the line, the likely encoding, and what to do."""


class NotDivided(ValueError):
    """The columns are not separated by commas. The message names the line and what to do."""


def read(path: Path) -> str:
    """Return the text of a file, with its line endings unchanged. Raises OSError, NotText."""
    data = plain_file.read_bytes(path, may_be_given=True)
    for mark, name in OTHER_FILES.items():
        if data.startswith(mark):
            raise NotText(f"it is not a text file but {name}; {SAVE_AS}")
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
    """Return the encoding in which the text looks most like people's names."""
    words = [word for word in re.findall(rb"[A-Za-z\x80-\xff]+", data) if max(word) > 0x7F]
    for name, encoding in CYRILLIC.items():
        if all(CYRILLIC_NAME.fullmatch(word.decode(encoding, "replace")) for word in words):
            return name
    fitting = {name: share for name in TWO_BYTES if (share := _share(name, data)) is not None}
    if fitting:
        return max(fitting, key=lambda name: fitting[name])
    return max(EIGHT_BIT, key=lambda name: _likeness(data.decode(EIGHT_BIT[name], "replace")))


def _share(name: str, data: bytes) -> float | None:
    """Score usual letters and surnames, from 0 to 2; None if the text has letters that names in it do not have."""
    encoding, letters, usual, surnames = TWO_BYTES[name]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    runs = re.findall("[^\x00-\x7f]+", text)
    if not all(re.fullmatch(f"{letters}+", run) for run in runs) or any(map(_is_mixed, text.split(","))):
        return None
    pairs = [one.encode(encoding) for run in runs for one in run]
    is_usual = sum(len(pair) == 2 and pair[0] in usual for pair in pairs) / len(pairs)
    return is_usual + sum(run[0] in surnames for run in runs) / len(runs)


def _is_mixed(field: str) -> bool:
    """Whether a word has Latin letters beside others, as a Latin name read in the wrong encoding has."""
    return any(not word.isascii() and re.search("[A-Za-z]", word) for word in field.split())


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
