"""The hash chain: what tampering it shows, and what it cannot show without an anchor."""

from pathlib import Path

import pytest

from labkit.wire.audit.schema import GENESIS
from labkit.wire.audit.verify import Anchor, verify
from tests.wire.audit.files import event, tamper, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten rows, seq equal to n."""
    return written(tmp_path / "room.db", [event(seq) for seq in range(1, 11)])


def test_an_untouched_file_is_intact_and_names_its_last_row(path: Path) -> None:
    """The verdict holds what is to be kept elsewhere."""
    verdict = verify(path)
    assert verdict.is_intact and verdict.rows == 10
    assert str(verdict) == f"intact: 10 rows, the last is {verdict.last}"
    assert Anchor.parse(str(verdict.last)) == verdict.last


def test_an_empty_log_is_intact(tmp_path: Path) -> None:
    """A server that was started and stopped at once leaves nothing to doubt."""
    verdict = verify(written(tmp_path / "room.db", []))
    assert verdict.is_intact and verdict.last == Anchor(0, GENESIS.hex())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "at + 0.000001"),
        ("at", "CAST(at AS INTEGER)"),
        ("kind", "'chat'"),
        ("room", "'other'"),
        ("epoch", "NULL"),
        ("seq", "seq + 1"),
        ("id", "'id'"),
        ("user", "'eve'"),
        ("user", "CAST(user AS BLOB)"),
        ("user", "CAST(X'ff' AS TEXT)"),
        ("connection", "''"),
        ("expires_at", "9e999"),
        ("body", "replace(body, '4', '5')"),
        ("hash", "zeroblob(32)"),
        ("hash", "hex(hash)"),
        ("hash", "1"),
    ],
)
def test_a_changed_cell_is_found(path: Path, column: str, value: str) -> None:
    """Any column of any row, also a change of the type alone."""
    tamper(path, f"UPDATE log SET {column} = {value} WHERE n = 4")
    verdict = verify(path)
    assert (verdict.broken_at, verdict.rows) == (4, 3)
    assert "changed" in verdict.why


@pytest.mark.parametrize(
    ("gone", "at", "says"),
    [("n = 5", 5, "this row is missing"), ("n BETWEEN 5 AND 7", 5, "rows 5 to 7 are missing"), ("n = 1", 1, "missing")],
)
def test_a_removed_row_is_found(path: Path, gone: str, at: int, says: str) -> None:
    """One row or several, in the middle or in front."""
    tamper(path, f"DELETE FROM log WHERE {gone}")
    verdict = verify(path)
    assert verdict.broken_at == at and says in verdict.why


def test_removed_row_is_found_even_when_the_rest_is_renumbered(path: Path) -> None:
    """The numbers are whole again, but the chain is not."""
    tamper(path, "DELETE FROM log WHERE n = 5", "UPDATE log SET n = n - 1 WHERE n > 5")
    verdict = verify(path)
    assert verdict.broken_at == 5 and "removed" in verdict.why


@pytest.mark.parametrize(("one", "other"), [(4, 5), (3, 9)])
def test_swapped_rows_are_found_and_called_reordered(path: Path, one: int, other: int) -> None:
    """Whole rows with their hashes, neighbours or far apart."""
    tamper(
        path,
        f"UPDATE log SET n = -1 WHERE n = {one}",
        f"UPDATE log SET n = {one} WHERE n = {other}",
        f"UPDATE log SET n = {other} WHERE n = -1",
    )
    verdict = verify(path)
    assert verdict.broken_at == one and "reordered" in verdict.why


@pytest.mark.parametrize(("n", "says"), [(0, "inserted at the start"), (11, "changed")])
def test_an_added_row_is_found(path: Path, n: int, says: str) -> None:
    """In front, or behind the last one with a hash of nobody's."""
    tamper(path, f"INSERT INTO log (n, at, kind, hash) VALUES ({n}, 1.0, 'event', zeroblob(32))")
    assert says in verify(path).why


def test_a_lost_end_shows_only_against_an_anchor(path: Path) -> None:
    """The file alone looks intact; the hash that was kept says that rows are gone."""
    anchor = verify(path).last
    tamper(path, "DELETE FROM log WHERE n > 7")
    assert verify(path).is_intact
    verdict = verify(path, anchor)
    assert verdict.broken_at == 8 and "cut off" in verdict.why


def test_a_rewritten_file_shows_only_against_an_anchor(path: Path, tmp_path: Path) -> None:
    """Whoever rewrites every hash from the change on is found out by a hash that was kept."""
    anchor = verify(path).last
    rewritten = written(
        tmp_path / "other.db", [event(seq, room="else" if seq == 3 else "demo") for seq in range(1, 12)]
    )
    assert verify(rewritten).is_intact
    assert "differs from the anchor's" in verify(rewritten, anchor).why


def test_an_anchor_of_an_earlier_row_holds_as_the_file_grows(path: Path) -> None:
    """What was kept stays good."""
    anchor = verify(path).last
    written(path, [event(11)])
    assert verify(path, anchor).is_intact


@pytest.mark.parametrize(
    "text", ["", "7", "7:", "x:" + "0" * 64, "7:" + "0" * 63, "7:" + "g" * 64, "-1:" + "0" * 64, "²:" + "0" * 64]
)
def test_what_is_no_anchor_is_refused(text: str) -> None:
    """A row number and 64 hex digits, nothing else."""
    with pytest.raises(ValueError):
        Anchor.parse(text)
