"""The known name that somebody probably meant: every refusal of an unknown name offers it."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: object, known: Iterable[str]) -> str:
    """` (did you mean 'chat'?)`, to stand behind the unknown name; empty when no known one is near."""
    names = {one.lower(): one for one in known}
    found = get_close_matches(str(name).lower(), names, n=1)
    return f" (did you mean {names[found[0]]!r}?)" if found else ""
