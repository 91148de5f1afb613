"""Show the source of a function or class in a notebook: the code that runs, not a copy of it in the text."""

import inspect
import textwrap
from typing import Any


def show_source(*parts: Any) -> None:
    """Print the source of functions, methods or classes, without their common indentation."""
    print("\n".join(textwrap.dedent(inspect.getsource(part)).rstrip() + "\n" for part in parts))
