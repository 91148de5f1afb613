"""A message may be as large as a frame."""

from labkit.broken.planted import Planted

FOUND_BY = ("validation/8",)


class Broken(Planted):
    """Our server with this fault."""

    faulty_limits = {"max_message_bytes": 65536}  # noqa: RUF012
