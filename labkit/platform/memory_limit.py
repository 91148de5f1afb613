"""How much memory this process may have."""

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]


def most() -> int | None:
    """Return how many bytes of address space it may have; None without a limit."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft
