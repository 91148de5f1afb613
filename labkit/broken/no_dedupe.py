"""requestId is passed on and never remembered, so a retry says it twice."""

from labkit.broken.planted import Planted

FOUND_BY = ("rooms/17",)


class Broken(Planted):
    """Our server with this fault."""

    faulty_limits = {"dedupe_s": 0}  # noqa: RUF012
