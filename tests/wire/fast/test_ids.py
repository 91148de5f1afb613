"""Ids by the hundred: each a UUID of version 4, none twice."""

import uuid

from labkit.wire.fast.ids import IDS_AT_ONCE, Ids


def test_every_id_is_a_random_uuid_as_the_library_writes_it() -> None:
    """Version and variant, lower case, over the seam of two drawings; what may vary takes every value."""
    new_id = Ids()
    made = [new_id() for _ in range(3 * IDS_AT_ONCE + 7)]
    assert len(set(made)) == len(made)
    for one in made:
        read = uuid.UUID(one)
        assert (str(read), read.version, read.variant) == (one, 4, uuid.RFC_4122)
    digits = [one.replace("-", "") for one in made]
    for place in range(32):
        seen = {one[place] for one in digits}
        assert seen == ({"4"} if place == 12 else set("89ab") if place == 16 else set("0123456789abcdef"))
