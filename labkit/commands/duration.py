"""An option type for a length of time: 30s, 2m, or a plain number of seconds."""

import re
from typing import Any

import click

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600}


class Duration(click.ParamType):  # type: ignore[type-arg]
    """Accept a time such as 30s or 2m, and give it in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds. Raises click.BadParameter unless it is a positive time."""
        found = _DURATION.fullmatch(str(value).strip())
        seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
        if seconds <= 0:
            self.fail(f"{value!r} is not a time; give one such as 30s or 2m", param, ctx)
        return seconds
