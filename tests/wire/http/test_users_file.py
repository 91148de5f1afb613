"""The users file: what is wrong in it is named by its line, and nothing of it is repeated."""

from pathlib import Path

import pytest

from labkit.rules.grants import LONGEST_ROOMS_BYTES
from labkit.wire.http.users import BadUsers, Users, read_users
from tests.wire.people import ticket_answer
from tests.wire.raw import Raw, serving


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
    with pytest.raises(BadUsers, match=r"users\.csv line 3: ") as refusal:
        read(tmp_path, "ada,correct-horse,team:*", line)
    assert "hunter2" not in str(refusal.value)


async def test_longest_users_line_gives_credentials_that_fit(tmp_path: Path) -> None:
    """Ticket and resume open; one room more is refused when the file is read, and not at a reconnect with 1008."""
    name = "\U0001f600" * 100
    most = (LONGEST_ROOMS_BYTES - len('{"rooms":[]}')) // len('["project:0000-team","rw"],')
    rooms = [f"project:{number:04}-team" for number in range(most + 1)]
    with pytest.raises(BadUsers, match=r"line 2: .* do not fit into a ticket"):
        read(tmp_path, f"{name},correct-horse,{' '.join(rooms)}")
    users = read(tmp_path, f"{name},correct-horse,{' '.join(rooms[:most])}")
    async with serving(users=users) as server:
        answer = await ticket_answer(server.url, name, "correct-horse")
        raw = await Raw.enter(server.url, answer.json["ticket"], rooms[most - 1])
        await Raw.enter(server.url, raw.ok["resume"], rooms[0], previous=raw.ok["connectionId"])
