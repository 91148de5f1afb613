"""Where this user's caches lie."""

import os
import sys
import tempfile
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return the folder for labkit's cache of this name; it may not exist yet."""
    given = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None)
    try:
        return Path(given or Path.home() / ".cache") / "labkit" / name
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / f"labkit-{name}"
