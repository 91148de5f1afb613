"""The limits of this process: how much memory and how many files it may have. Infinite where a system has none."""

import contextlib
import sys
from math import inf

if sys.platform == "win32":

    def files() -> float:
        """Return how many files may be open at once."""
        return inf

    def memory() -> float:
        """Return how many bytes of address space there may be."""
        return inf

    def open_files() -> int:
        """Return how many files are open."""
        return 0

    def raise_files(most: int) -> float:
        """Allow up to `most` open files, as far as this process may; return how many it may open now."""
        return inf

else:
    import resource

    def files() -> float:
        """Return how many files may be open at once."""
        return _soft(resource.RLIMIT_NOFILE)

    def memory() -> float:
        """Return how many bytes of address space there may be."""
        return _soft(resource.RLIMIT_AS)

    def open_files() -> int:
        """Return how many files are open."""
        import psutil  # slow to import, and an answer's process needs the rest of this module only

        return psutil.Process().num_fds()

    def raise_files(most: int) -> float:
        """Allow up to `most` open files, as far as this process may; return how many it may open now."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if files() < wanted:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return files()

    def _soft(limit: int) -> float:
        soft = resource.getrlimit(limit)[0]
        return inf if soft == resource.RLIM_INFINITY else soft
