r"""JSON text read exactly as JavaScript's `JSON.parse` reads it, whatever its depth.

Browsers are our peers, so their reading is the right one: the last duplicate key wins, a lone surrogate
escape such as "\ud800" passes, a byte order mark and NaN do not. Python's `json` differs (it takes NaN, and
gives up on deep nesting), so the exact path has its own reader, without recursion. Lesson: notebook 04.

This is the slow, exact path. `rules.messages` asks msgspec first and comes here only when that is unsure.
"""

import re
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}
_SAFE_DIGITS = 300  # beyond this int() is slow and JavaScript has long said Infinity


class NotJson(ValueError):
    """The text is not JSON."""


def parse(text: str) -> Any:
    """The value of a JSON text. Raises NotJson."""
    return _Reader(text).document()


class _Reader:
    """A cursor over the text, and a stack of the arrays and objects that are still open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> Any:
        value = self._nested()
        self._skip_space()
        if self.at != len(self.text):
            raise NotJson("text after the value")
        return value

    def _nested(self) -> Any:
        """Read one value; every `[` or `{` pushes, every `]` or `}` pops, so depth costs no stack."""
        open_containers: list[tuple[Any, str | None]] = []
        while True:
            value, opened = self._value()
            if opened and not self._take(_closer(value)):
                open_containers.append((value, self._key() if isinstance(value, dict) else None))
                continue
            while open_containers:
                container, key = open_containers.pop()
                _put(container, key, value)
                if self._take(","):
                    open_containers.append((container, self._key() if isinstance(container, dict) else None))
                    break
                if not self._take(_closer(container)):
                    raise NotJson("a comma or a closing bracket is missing")
                value = container
            else:
                return value

    def _value(self) -> tuple[Any, bool]:
        """A scalar and False, or a new empty container and True."""
        self._skip_space()
        char = self.text[self.at : self.at + 1]
        if char in ("[", "{"):
            self.at += 1
            return ([] if char == "[" else {}), True
        if char == '"':
            return self._string(), False
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value, False
        return self._number(), False

    def _number(self) -> int | float:
        found = _NUMBER.match(self.text, self.at)
        if not found:
            raise NotJson("a value is missing")
        self.at = found.end()
        digits = found[0]
        is_int = len(digits) < _SAFE_DIGITS and digits.lstrip("-").isdigit()
        return int(digits) if is_int else float(digits)

    def _key(self) -> str:
        self._skip_space()
        if not self.text.startswith('"', self.at):
            raise NotJson("a key is missing")
        key = self._string()
        if not self._take(":"):
            raise NotJson("a colon is missing")
        return key

    def _string(self) -> str:
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None  # the pattern matches the empty string
            parts.append(plain[0])
            self.at = plain.end()
            if self._here('"'):
                return _join_surrogates("".join(parts))
            if not self._here("\\"):
                raise NotJson("a string does not end, or holds a control character")
            parts.append(self._escape())

    def _escape(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char in _ESCAPES:
            return _ESCAPES[char]
        found = _HEX.match(self.text, self.at) if char == "u" else None
        if not found:
            raise NotJson("an unknown escape")
        self.at = found.end()
        return chr(int(found[0], 16))

    def _here(self, char: str) -> bool:
        if not self.text.startswith(char, self.at):
            return False
        self.at += 1
        return True

    def _take(self, char: str) -> bool:
        self._skip_space()
        return self._here(char)

    def _skip_space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None  # the pattern matches the empty string
        self.at = found.end()


def _closer(container: Any) -> str:
    return "]" if isinstance(container, list) else "}"


def _put(container: Any, key: str | None, value: Any) -> None:
    if key is None:
        container.append(value)
    else:
        container[key] = value


def _join_surrogates(text: str) -> str:
    r"""Two escapes such as "\ud83d\ude00" are one character; a lone one stays as it is."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
