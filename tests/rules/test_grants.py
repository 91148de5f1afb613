"""Who may enter which room, and every wrong shape of a grant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rules.grants import EVERY_ROOM, BadGrant, Grants

ROOM_IDS = st.from_regex(r"[a-zA-Z0-9:_-]{1,64}", fullmatch=True)


@pytest.mark.parametrize(
    ("pairs", "room_id", "access"),
    [
        ([["news", "r"]], "news", "r"),
        ([["news", "r"]], "news2", ""),
        ([["news", "r"]], "new", ""),
        ([["news", "r"]], "NEWS", ""),
        ([["team:*", "rw"]], "team:1", "rw"),
        ([["team:*", "rw"]], "team:", "rw"),
        ([["team:*", "rw"]], "team", ""),
        ([["team:*", "rw"]], "x-team:1", ""),
        ([["*", "w"]], "anything", "w"),
        ([["a", "r"], ["a", "w"]], "a", "rw"),
        ([["a*", "w"], ["ab*", "r"]], "abc", "rw"),
        ([["a*", "w"], ["ab*", "r"]], "acc", "w"),
        ([], "a", ""),
    ],
)
def test_patterns_cover_rooms_and_add_up(pairs: list[list[str]], room_id: str, access: str) -> None:
    """An exact name, or the start of one; several that cover a room add up; none means no entry."""
    assert Grants.of(pairs).access(room_id) == access


@pytest.mark.parametrize(
    "pairs",
    [
        None,
        5,
        "news",
        "ab",
        {"news": "r"},
        [["news"]],
        [[]],
        [["news", "r", "w"]],
        ["news"],
        ["nr"],
        [{"n": 1, "r": 2}],
        [["news", None]],
        [["news", ["r"]]],
        [[None, "r"]],
        [[5, "r"]],
        [["news", ""]],
        [["news", "wr"]],
        [["news", "R"]],
        [["news", "x"]],
        [["", "r"]],
        [["**", "r"]],
        [["a*b", "r"]],
        [["*a", "r"]],
        [["a b", "r"]],
        [["a\n", "r"]],
        [["a\n*", "r"]],
        [["x" * 65, "r"]],
        [["x" * 65 + "*", "r"]],
        [["caf\u00e9", "r"]],
        [None],
        [5],
    ],
)
def test_any_other_shape_is_refused(pairs: Any) -> None:
    """A grant is exactly [pattern, access]: nothing is guessed, and no default gives more than was written."""
    with pytest.raises(BadGrant):
        Grants.of(pairs)


def test_bad_grant_names_a_valid_form() -> None:
    """One line with the wrong part and the right form."""
    with pytest.raises(BadGrant, match=r"\['news'\] is not \[pattern, access\], such as \['room:\*', 'rw'\]"):
        Grants.of([["news"]])
    with pytest.raises(BadGrant, match="access 'x' for 'news' is not one of r, w, rw"):
        Grants.of([["news", "x"]])


@given(ROOM_IDS)
def test_every_room_covers_every_room(room_id: str) -> None:
    """The dev token's grants."""
    assert EVERY_ROOM.access(room_id) == "rw"


@given(ROOM_IDS, ROOM_IDS, st.sampled_from(["r", "w", "rw"]))
def test_a_prefix_covers_exactly_what_begins_with_it(prefix: str, room_id: str, access: str) -> None:
    """Neither more nor less, also for the room whose name is the prefix."""
    grants = Grants.of([(prefix + "*", access)])
    assert grants.access(room_id) == (access if room_id[: len(prefix)] == prefix else "")
    assert grants.access(prefix) == access
