"""How many files may be open: the highest number that the system takes, even where it calls that infinite."""

import resource

import pytest

from labkit.platform import open_files

INFINITE = resource.RLIM_INFINITY


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[int]:
    """A system whose limits are [soft, hard], and which takes no soft limit above `most`."""
    soft, hard, most = request.param
    limits = [soft, hard]

    def set_limits(_: int, new: tuple[int, int]) -> None:
        if new[1] != hard or new[0] == INFINITE or new[0] > most:
            raise ValueError("current limit exceeds maximum limit")
        limits[:] = new

    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", set_limits)
    return limits


@pytest.mark.parametrize(
    ("system", "reached"),
    [
        ((256, INFINITE, 122_880), 122_880),  # macOS
        ((256, INFINITE, 10_240), 10_240),  # an older one
        ((1024, 4096, 4096), 4096),
        ((1024, 4096, 0), 1024),  # refused: it stays
        ((4096, 4096, 4096), 4096),
        ((20_000, INFINITE, 10_240), 20_000),  # never lowered
        ((INFINITE, INFINITE, 0), None),
    ],
    indirect=["system"],
)
def test_the_limit_is_raised_as_far_as_it_goes(system: list[int], reached: int | None) -> None:
    assert open_files.raise_limit() == open_files.most() == reached


def test_a_system_without_limits_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_files, "resource", None)
    assert open_files.raise_limit() is None and open_files.most() is None
