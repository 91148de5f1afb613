"""Other servers' names: in both directions, and what a dialect file may say."""

from pathlib import Path

import pytest

from labkit.review.dialect import BadDialect, Dialect, read_dialect

TEXT = """
path = "/ws"
[types]
chat = "message"
[fields]
roomId = "channel"
type = "event"
[codes]
4403 = 1008
[without]
probes = ["storms", "auth/3"]
"""


def test_names_go_out_in_their_words_and_come_back_in_ours(tmp_path: Path) -> None:
    """Types and fields, the field of the type included; what is not named stays."""
    file = tmp_path / "theirs.toml"
    file.write_text(TEXT)
    dialect = read_dialect(file)
    ours = {"type": "chat", "roomId": "a", "text": "x"}
    theirs = {"event": "message", "channel": "a", "text": "x"}
    assert dialect.said(ours) == theirs
    assert dialect.heard(theirs) == ours
    assert (dialect.code(4403), dialect.code(1008), dialect.path) == (1008, 1008, "/ws")
    assert [dialect.leaves_out(name) for name in ("storms/1", "auth/3", "auth/30")] == [True, True, False]


def test_without_a_dialect_nothing_changes() -> None:
    """The names of the protocol."""
    message = {"type": ["odd"], "x": None}
    assert Dialect().said(message) == Dialect().heard(message) == message


@pytest.mark.parametrize("text", ["type = 1", "[codes]\nx = 1", "[[", "[typos]\na = 'b'"])
def test_a_bad_dialect_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    """One line that names the file."""
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(BadDialect, match=r"bad\.toml"):
        read_dialect(file)
