"""Apply a unified diff to a text, strictly: every line of context must match."""

import re
from collections.abc import Iterator

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class DoesNotApply(ValueError):
    """The patch is not for this text; the message names the line."""


def patched(text: str, patch: str) -> str:
    """Return the text after the patch. Lines before the first hunk are a comment. Raises DoesNotApply."""
    lines, done, at = text.splitlines(keepends=True), list[str](), 0
    for start, body in _hunks(patch):
        done, at = [*done, *lines[at:start]], start
        for line in body:
            if line[0] in " -" and line[1:] != "".join(lines[at : at + 1]):
                raise DoesNotApply(f"line {at + 1} is not {line[1:].rstrip()!r}, as the patch expects")
            done += [line[1:]] if line[0] in " +" else []
            at += line[0] in " -"
    return "".join([*done, *lines[at:]])


def _hunks(patch: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each hunk: the number of lines before it, and its lines."""
    lines = patch.splitlines(keepends=True)
    for at, line in enumerate(lines):
        if found := _HUNK.match(line):
            old, new = int(found[2] or 1), int(found[3] or 1)
            yield int(found[1]) - bool(old), _body(lines[at + 1 :], old, new)  # of nothing: after that line


def _body(lines: list[str], old: int, new: int) -> list[str]:
    """Return the first lines that are so many of the old text and of the new one."""
    body = []
    for line in lines:
        if old <= 0 and new <= 0:
            break
        old, new = old - (line[0] in " -"), new - (line[0] in " +")
        body.append(line)
    return body
