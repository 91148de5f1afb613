"""Command lines as this system's users type them: split into words, and put together again.

Windows has its own rules: a backslash is a part of a path, and only double quotes hold words together.
"""

import os
import shlex
import subprocess
from collections.abc import Sequence

IS_POSIX = os.name == "posix"


def split(line: str) -> list[str]:
    """Split a command line into its words. Raises ValueError, for example for a quote that is never closed."""
    return shlex.split(line) if IS_POSIX else _split_as_windows(line)


def join(words: Sequence[str]) -> str:
    """Return a command line that a person can paste."""
    return shlex.join(words) if IS_POSIX else subprocess.list2cmdline(words)


def quote(word: str) -> str:
    """Return one word of a command line."""
    return join([word])


def python_to_paste(program: Sequence[str]) -> list[str]:
    """Return lines that run a Python program when they are pasted into a shell: on Windows, into PowerShell.

    The program contains no line END, and nothing but ASCII: PowerShell passes nothing else on.
    """
    begin, end = ("python3 - <<'END'", "END") if IS_POSIX else ("@'", "'@ | python -")
    return [begin, *program, end]


def _split_as_windows(line: str) -> list[str]:
    """Split as Microsoft's C runtime does, which is what nearly every program there does."""
    words: list[str] = []
    word, is_word, in_quotes, at = "", False, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        at += slashes
        char = line[at : at + 1]
        word += "\\" * (slashes // 2 if char == '"' else slashes)
        is_word = is_word or bool(slashes)
        if char == '"' and not slashes % 2:
            in_quotes, is_word = not in_quotes, True
        elif char in (" ", "\t") and not in_quotes:
            words += [word] * is_word
            word, is_word = "", False
        else:
            word += char
            is_word = is_word or bool(char)
        at += 1
    if in_quotes:
        raise ValueError("no closing quotation")
    return words + [word] * is_word
