"""The users file: what is wrong in it is named by its line, and nothing of it is repeated."""

from pathlib import Path

import pytest

from labkit.wire.http.users import BadUsers, Users, read_users


def read(tmp: Path, *lines: str) -> Users:
    """The users of a file with these lines."""
    path = tmp / "users.csv"
    path.write_text("\n".join(["name,code,rooms", *lines]), encoding="utf-8")
    return read_users(path)


@pytest.mark.parametrize(
    "line",
    [
        "eve,room:class-1,hunter22!",  # the two are swapped
        "eve,paper-clip,room:1=hunter22",
        'eve,paper-clip,"[""hunter22""]"',
        'eve,paper-clip,"[[""hunter22!"", ""r""]]"',
        'eve,paper-clip,"[hunter22"',
        "eve,hunter2,room:*",
        "hunter22:,paper-clip,room:*",
        "eve,hunter22,room:*,news",
    ],
)
def test_a_line_that_cannot_be_is_named_and_not_quoted(tmp_path: Path, line: str) -> None:
    """A code in the wrong field would be on the screen, and in every log."""
    with pytest.raises(BadUsers, match="users.csv line 3: ") as refusal:
        read(tmp_path, "ada,correct-horse,team:*", line)
    assert "hunter2" not in str(refusal.value)
