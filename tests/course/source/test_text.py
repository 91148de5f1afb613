"""The encoding of a learner's file, and the lines that Python counts in it."""

import codecs
from pathlib import Path

import pytest

from labkit.course.source import NoSource
from labkit.course.source.text import lines, read

ODD_SPACES = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_split_as_python_splits_them(end: str) -> None:
    """A form feed or U+2028 in a comment does not start a line."""
    assert lines(f"# a{ODD_SPACES}b{end}x = 1{end}") == [f"# a{ODD_SPACES}b", "x = 1", ""]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfx = '\xc3\xa9'\r\n",
        b"\xef\xbb\xbf# coding: utf-8\nx = '\xc3\xa9'\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\r",
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\xe9'\n",
        "# coding: gbk\nx = 'é'\n".encode("gbk"),
    ],
)
def test_file_is_decoded_as_python_does(tmp_path: Path, data: bytes) -> None:
    """A byte order mark is dropped, and a coding line (PEP 263) obeyed."""
    path = tmp_path / "a.py"
    path.write_bytes(data)
    text = read(path)
    assert text.endswith("x = 'é'\n")
    assert not text.startswith("\ufeff")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (codecs.BOM_UTF16_LE + "x = 1\n".encode("utf-16-le"), "is saved as UTF-16, .*save it as UTF-8"),
        (codecs.BOM_UTF16_BE + "x = 1\n".encode("utf-16-be"), "is saved as UTF-16, "),
        ("x = 1\n".encode("utf-32"), "is saved as UTF-32, "),
        ("x = 1\n".encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (b"x = 1\ny = '\xe9'\n", "is not UTF-8: line 2 has the byte 0xe9; .*coding: cp1252"),
        (b"# coding: ascii\n\ny = '\xe9'\n", "is not ascii: line 3 has the byte 0xe9"),
        (b"# coding: no-such\n", "coding line of .*no-such.*remove it"),
        (b"# coding: rot13\n", "does not name a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "coding line of "),
    ],
)
def test_file_in_another_encoding_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """The message names the encoding or the byte and its line, and how to save the file."""
    path = tmp_path / "a.py"
    path.write_bytes(data)
    with pytest.raises(NoSource, match=message):
        read(path)


def test_notebook_ignores_a_coding_line(tmp_path: Path) -> None:
    """JSON is UTF-8, with or without a mark."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(b'\xef\xbb\xbf{"# coding: latin-1": "\xc3\xa9"}')
    assert read(path, is_python=False) == '{"# coding: latin-1": "é"}'
