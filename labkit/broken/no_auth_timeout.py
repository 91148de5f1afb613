"""Who never authenticates is kept for ever."""

from labkit.broken.planted import Planted

FOUND_BY = ("auth/4", "auth/5", "auth/19")


class Broken(Planted):
    """Our server with this fault."""

    faulty_limits = {"auth_timeout_s": None}  # noqa: RUF012
