r"""JSON text read exactly as JavaScript's `JSON.parse` reads it, whatever its depth.

Browsers are our peers, so their reading is the right one: the last duplicate key wins, a lone surrogate
escape such as "\ud800" passes, a byte order mark and NaN do not. Python's `json` differs (it takes NaN, and
gives up on deep nesting), so the exact path has its own reader, without recursion. Lesson: notebook 04.

This is the slow path: `rules.messages` asks msgspec first and comes here only when that is unsure. A peer can send us
here with every message, so slow is still bounded: one pass of `re` cuts the text into tokens, one loop builds a value.
"""

import json
import re
from typing import Any

_TOKEN = r"""
    " [^"\\\x00-\x1f]*+ (?: \\ (?: ["\\/bfnrt] | u[0-9a-fA-F]{4} ) [^"\\\x00-\x1f]*+ )*+ "
  | -? (?: 0 | [1-9][0-9]* ) (?: \. [0-9]+ )? (?: [eE] [+-]? [0-9]+ )?
  | true | false | null
  | [][{}:,]
"""
_ONE_TOKEN = re.compile(_TOKEN, re.VERBOSE)
_TOKENS = re.compile(_TOKEN + r"| [^\ \t\n\r] .*", re.VERBOSE | re.DOTALL)  # what is no token swallows the rest
_WORDS = {"true": True, "false": False, "null": None}
_SAFE_DIGITS = 300  # beyond this int() is slow and JavaScript has long said Infinity

# What must come next.
_VALUE = "a value"
_VALUE_OR_END = "a value or ]"
_KEY = "a key"
_KEY_OR_END = "a key or }"
_COLON = "a colon"
_COMMA_OR_END = "a comma, a closing bracket or the end of the text"


class NotJson(ValueError):
    """The text is not JSON."""


def parse(text: str) -> Any:
    """The value of a JSON text. Raises NotJson."""
    tokens = _TOKENS.findall(text)
    if not tokens or not _ONE_TOKEN.fullmatch(tokens[-1]):
        raise NotJson("empty, or something in it is no token of JSON")
    return _build(tokens)


def _build(tokens: list[str]) -> Any:
    """The value that the tokens spell. Open containers are kept in a list, so that depth costs no stack."""
    document: list[Any] = []  # a list around the value, so that it is put where every other value is put
    around: list[tuple[Any, str | None]] = []
    inside: Any = document
    key: str | None = None  # of the value that comes next; None while we are inside a list
    due = _VALUE
    for token in tokens:
        if due is _COMMA_OR_END and token == "," and around:
            due = _VALUE if key is None else _KEY
        elif due is _COLON and token == ":":
            due = _VALUE
        elif (due is _KEY or due is _KEY_OR_END) and token[0] == '"':
            key, due = _string(token), _COLON
        elif (due is _VALUE or due is _VALUE_OR_END) and token not in "]},:":
            value = _value(token)
            if key is None:
                inside.append(value)
            else:
                inside[key] = value
            due = _COMMA_OR_END
            if token in "[{":
                around.append((inside, key))
                inside, key, due = (value, None, _VALUE_OR_END) if token == "[" else (value, "", _KEY_OR_END)
        elif due in (_COMMA_OR_END, _VALUE_OR_END, _KEY_OR_END) and around and token == ("]" if key is None else "}"):
            inside, key = around.pop()
            due = _COMMA_OR_END
        else:
            raise NotJson(f"{due} is missing")
    if around or due is not _COMMA_OR_END:
        raise NotJson(f"the text ends where {due} is missing")
    return document[0]


def _value(token: str) -> Any:
    """A scalar, or a new container."""
    if token == "[":
        return []
    if token == "{":
        return {}
    if token[0] == '"':
        return _string(token)
    return _WORDS[token] if token in _WORDS else _number(token)


def _string(token: str) -> str:
    """Two escapes that are a surrogate pair become one character; a lone one stays as it is."""
    return json.loads(token) if "\\" in token else token[1:-1]


def _number(token: str) -> int | float:
    is_int = len(token) < _SAFE_DIGITS and token.lstrip("-").isdigit()
    return int(token) if is_int else float(token)
