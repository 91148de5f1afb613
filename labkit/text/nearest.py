"""Suggest the closest known name when an error message reports an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: object, known: Iterable[str]) -> str:
    """Return ` (did you mean 'chat'?)` to append to the unknown name, or "" if no known name is close."""
    names = {one.lower(): one for one in known}
    found = get_close_matches(str(name).lower(), names, n=1)
    return f" (did you mean {names[found[0]]!r}?)" if found else ""
