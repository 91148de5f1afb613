"""Numbers as people read them, and the name that somebody probably meant."""

import pytest

from labkit.bench.load.run import LoadPlan
from labkit.bench.transports.advice import Need, _choose
from labkit.text.digits import digits
from labkit.text.nearest import nearest
from labkit.views.html import bars


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (10**1.5, "31.6"),
        (0, "0"),
        (5.0, "5"),
        (0.83412, "0.834"),
        (443_000.4, "443,000"),
        (1e-7, "0"),
        (0.00012, "0.00012"),
        (-1234.5, "-1,234"),
        (99.96, "100"),
    ],
)
def test_number_has_a_sensible_number_of_digits(value: float, shown: str) -> None:
    assert digits(value) == shown


def test_number_from_a_slider_is_shown_as_people_read_it() -> None:
    """A logarithmic slider gives powers of ten such as 31.622776601683793."""
    plan = LoadPlan("ws://localhost:8080", rate=10**1.5, seconds=10**1.5)
    assert "31.6228" not in repr(plan) and "31.6 messages a second" in repr(plan)
    assert "every 31.6 s" in _choose(Need(30, 10**1.5))[1]
    assert "33.3%" in bars({"build": 100 / 3})


def test_unknown_name_gets_the_nearest_known_one() -> None:
    assert nearest("chatt", ["chat", "join"]) == " (did you mean 'chat'?)"
    assert nearest("xyzzy", ["chat", "join"]) == ""
