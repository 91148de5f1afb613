"""The file itself: the chain's definition, the triggers, reading beside a writer, and odd files."""

import contextlib
import hashlib
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.rules.limits import Limits
from labkit.wire.audit.reading import read, reading, rows
from labkit.wire.audit.recovery import recover
from labkit.wire.audit.schema import GENESIS, AuditError, Entry, link
from labkit.wire.audit.verify import verify
from tests.wire.audit.files import event, ids, opened, store, tamper, written


def packed(value: float | int | str | None) -> bytes:
    """MessagePack by hand, for the values in these tests."""
    if value is None:
        return b"\xc0"
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, int):
        assert 0 <= value < 128
        return bytes([value])
    text = value.encode()
    assert len(text) < 32
    return bytes([0xA0 + len(text)]) + text


def test_row_hash_is_sha256_of_previous_hash_and_messagepack() -> None:
    """Anybody can check a file without labkit; a change of the format would break every file there is."""
    entry = Entry(1000.5, "event", "demo", "e1", 7, "id-7", "ada", None, None, '{"text":"hällo"}')
    array = bytes([0x90 + len(entry)]) + b"".join(packed(value) for value in entry)
    assert link(GENESIS, entry) == hashlib.sha256(bytes(32) + array).digest()


@pytest.mark.parametrize("statement", ["UPDATE log SET body = 'x'", "DELETE FROM log WHERE n = 1"])
def test_the_file_refuses_to_change_or_lose_a_row(tmp_path: Path, statement: str) -> None:
    """Even a program of somebody else is stopped by the triggers, unless it removes them."""
    path = written(tmp_path / "room.db", [event(1)])
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert verify(path).is_intact


def test_rows_come_back_exactly_as_they_were_written(tmp_path: Path) -> None:
    """Every column, also a whole number of seconds, characters of all planes, and a zero byte."""
    entries = [
        Entry(1000, "start"),
        Entry(1000.25, "auth", id="session", user="Ä 😀 \x00", connection="c", expires_at=30000),
        event(1)._replace(body='{"text":"line\\nline"}\n'),
    ]
    path = written(tmp_path / "room.db", entries)
    with reading(path) as connection:
        found = list(rows(connection))
    assert [entry for _, entry, _ in found] == entries
    assert [n for n, _, _ in found] == [1, 2, 3]
    assert verify(path).is_intact


def test_rows_can_be_asked_for_by_room_and_time(tmp_path: Path) -> None:
    """Both bounds together; the row at exactly `since` belongs to it."""
    path = written(tmp_path / "room.db", [event(n, at=1000.0 + n, room="ab"[n % 2]) for n in range(6)])
    with reading(path) as connection:
        found = [entry.seq for _, entry, _ in rows(connection, since=1002.0, room="a")]
    assert found == [2, 4]


def test_more_rows_than_are_read_at_once_come_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long file is read piece by piece, without gap or repetition."""
    monkeypatch.setattr("labkit.wire.audit.reading._ROWS_AT_ONCE", 7)
    path = written(tmp_path / "room.db", [event(n) for n in range(21)])
    assert ids(path) == [f"id-demo-e1-{n}" for n in range(21)]


def test_the_frame_has_a_row_a_row_and_times_in_utc(tmp_path: Path) -> None:
    """`read` gives pandas what `labkit audit` prints."""
    path = written(tmp_path / "room.db", [Entry(0.0, "start"), event(3, at=86400.5)])
    frame = read(path)
    assert list(frame.columns) == ["n", *Entry._fields]
    assert list(frame["kind"]) == ["start", "event"]
    assert frame["at"][1].isoformat() == "1970-01-02T00:00:00.500000+00:00"
    assert frame["seq"][1] == 3 and frame["seq"].isna()[0]
    assert list(read(path, room="demo")["n"]) == [2]
    assert read(written(tmp_path / "none.db", [])).empty


def test_data_frame_shows_invalid_values_in_the_file(tmp_path: Path) -> None:
    """A time that is none and bytes that are no text are there to be seen, and are no error."""
    path = written(tmp_path / "room.db", [event(1), event(2)])
    tamper(path, "UPDATE log SET at = 'noon' WHERE n = 1", "UPDATE log SET user = CAST(X'ff' AS TEXT) WHERE n = 2")
    frame = read(path)
    assert frame["at"].isna()[0] and frame["user"][1] == b"\xff"


def test_reader_sees_an_intact_log_and_does_not_block_the_writer(tmp_path: Path) -> None:
    """Verifying again and again beside a writer: never broken, never shorter, and every row is stored."""
    path, told = tmp_path / "room.db", []
    with opened(path) as audit:
        seen = [0]
        for seq in range(300):
            audit.submit([event(seq, room=f"r{n}") for n in range(20)], told.append)
            if seq % 10 == 0:
                verdict = verify(path)
                assert verdict.is_intact
                seen.append(verdict.rows)
        assert store(audit, []) is None
        assert verify(path).rows == 6000
    assert told == [None] * 300
    assert seen == sorted(seen)


def test_a_reader_leaves_the_writers_lock_alone(tmp_path: Path) -> None:
    """A row can be stored while a reader stands in the middle of the file, and the reader keeps its view."""
    path = tmp_path / "room.db"
    with opened(path) as audit:
        assert store(audit, [event(1), event(2)]) is None
        with reading(path) as connection:
            found = rows(connection)
            next(found)
            assert store(audit, [event(3)]) is None
            assert [entry.seq for _, entry, _ in found] == [2]


def test_a_copy_without_its_side_files_can_be_read(tmp_path: Path) -> None:
    """A closed file is complete by itself: what is sent to an auditor is one file."""
    path = written(tmp_path / "room.db", [event(1)])
    copy = shutil.copy(path, tmp_path / "copy.db")
    assert verify(Path(copy)).rows == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"no database, only some text that is long enough to look at" * 100, "is not an audit file"),
        (None, "there is no audit file"),
    ],
)
def test_what_is_no_audit_file_is_refused_with_a_line(tmp_path: Path, content: bytes | None, says: str) -> None:
    """Reading says what the file is, and makes nothing."""
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(AuditError, match=says):
        verify(path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture(scope="module")
def bytes_of_a_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed audit file with rows of every kind that a server reads again."""
    path = tmp_path_factory.mktemp("whole") / "room.db"
    kinds = [
        Entry(1000.0, "join", "demo", "e1", user="ada", connection="c1"),
        Entry(1000.0, "auth", id="s1", user="ada", connection="c1", expires_at=9999.0),
        Entry(1000.0, "ticket", id="t1", user="ada", expires_at=9999.0),
        Entry(1000.0, "close", user="ada", connection="c1", body='{"code":1013,"reason":"slow"}'),
        Entry(1000.0, "revoke", user="ada"),
    ]
    return written(path, [entry for n in range(20) for entry in (event(n), *kinds)]).read_bytes()


def survive(path: Path) -> None:
    """Everything that touches a file either works or raises AuditError."""
    for use in (verify, _open_and_look_back):
        with contextlib.suppress(AuditError):
            use(path)


def _open_and_look_back(path: Path) -> None:
    with opened(path) as audit:
        recover(path, Limits(), 1000.0)
        store(audit, [event(1)])


ODD = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ODD
@given(content=st.binary(max_size=5000))
def test_random_bytes_give_a_line_and_no_traceback(tmp_path: Path, content: bytes) -> None:
    """A file of anything at all; an empty one becomes an audit file when a server opens it."""
    path = _fresh(tmp_path, content)
    survive(path)
    assert not content or path.read_bytes() == content


@ODD
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=40),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_a_damaged_file_gives_a_verdict_or_a_line(
    tmp_path: Path, bytes_of_a_file: bytes, changes: list[tuple[float, int]], keep: float
) -> None:
    """Some bytes changed anywhere, or the end torn off."""
    content = bytearray(bytes_of_a_file)
    for place, byte in changes:
        content[int(place * len(content))] = byte
    survive(_fresh(tmp_path, bytes(content[: int(keep * len(content))])))


def _fresh(folder: Path, content: bytes) -> Path:
    for left in folder.iterdir():
        left.unlink()
    path = folder / "x.db"
    path.write_bytes(content)
    return path
