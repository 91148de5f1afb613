"""One connection may say as much as it likes."""

from labkit.broken.planted import Planted

FOUND_BY = ("storms/4", "storms/5")


class Broken(Planted):
    """Our server with this fault."""

    faulty_limits = {"messages_per_s": None}  # noqa: RUF012
