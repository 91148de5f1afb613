"""One server in several forms: what it says must be the same in all of them."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from labkit.wire.server import Server
from tests.wire.raw import serving

HOUSES = ["fast", "plain", "fast with audit", "plain with audit"]
in_every_house = pytest.mark.parametrize("house", HOUSES)


def serving_in(house: str, tmp: Path, **limits: Any) -> AbstractAsyncContextManager[Server]:
    """A server of that form, with some limits changed."""
    limits["fast_path"] = house.startswith("fast")
    return serving(limits=limits, audit=tmp / "room.db" if house.endswith("audit") else None)
