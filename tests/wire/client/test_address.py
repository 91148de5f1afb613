"""The address of a room server as people write it."""

import pytest

from labkit.wire.client.address import checked


@pytest.mark.parametrize(
    ("written", "used"),
    [("ws://hub/user/ana b/proxy/8080/", "ws://hub/user/ana%20b/proxy/8080/"),
     ("wss://hub/user/100%25/a@b;c", "wss://hub/user/100%25/a@b;c"), ("ws://hub/bücher", "ws://hub/b%C3%BCcher"),
     ("ws://[::1]:8080", "ws://[::1]:8080")],
)  # fmt: skip
def test_a_path_is_percent_encoded(written: str, used: str) -> None:
    """A space would end the first line of the request; what is encoded already stays."""
    assert checked(written) == used
