"""Sealing and dropping: the chain over the seams, what a server recovers afterwards, and what tampering shows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from labkit.rules.limits import Limits
from labkit.wire.audit.erasing import erase
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.recovery import RecoveredState, recover
from labkit.wire.audit.schema import AuditError
from labkit.wire.audit.sealed_files import sealed_files
from labkit.wire.audit.sealing import Broken, drop, seal
from labkit.wire.audit.verify import Anchor, verify
from labkit.wire.audit.writer import Audit, Entry
from tests.wire.audit.files import event, ids, opened, store, tamper, written

LIMITS = Limits(history_events=5, dedupe_s=100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "room.db"


def sealed(path: Path, first: int, last: int) -> Path:
    """A file that continues with these events, and is then sealed."""
    written(path, [event(seq, at=1000.0 + seq) for seq in range(first, last + 1)])
    made = seal(path)
    assert made is not None
    return made.file


def everything(path: Path) -> list[tuple[int, Entry, bytes]]:
    """The rows of the sealed files and of the open file."""
    found = []
    for file in [*(file.path for file in sealed_files(path)), path]:
        with reading(file) as connection:
            found += list(rows(connection))
    return found


def noted(path: Path) -> Path:
    """A file whose server had LIMITS."""
    audit = Audit(path, LIMITS)
    audit.close()
    return path


def recovered(path: Path) -> RecoveredState:
    with opened(path):
        return recover(path, LIMITS, 2000.0)


def test_chain_goes_on_over_three_seams(path: Path) -> None:
    """The files together hold every row once; the anchor of the first seal still holds."""
    first = sealed(path, 1, 40)
    anchor = verify(first).last
    sealed(path, 41, 50)
    sealed(path, 51, 60)
    written(path, [event(61)])
    verdict = verify(path, anchor)
    assert verdict.is_intact and verdict.files == 4 and str(verdict).startswith("intact: 64 rows in 4 files")
    found = everything(path)
    assert [n for n, _, _ in found] == list(range(1, 65))
    assert [entry.seq for _, entry, _ in found if entry.kind == "event"] == list(range(1, 62))


def test_sealed_file_is_intact_by_itself(path: Path) -> None:
    """It can be sent to an auditor alone; it says from where it is known."""
    sealed(path, 1, 10)
    second = sealed(path, 11, 20)
    elsewhere = second.rename(path.with_name("sent.db"))
    assert str(verify(elsewhere)).endswith(
        "; known from row 11 on, because rows 1 to 10 are in sealed files that are not here"
    )


def test_nothing_new_is_not_sealed(path: Path) -> None:
    """A second call makes no file."""
    sealed(path, 1, 3)
    assert seal(path) is None and len(sealed_files(path)) == 1


@pytest.mark.parametrize("seed", range(8))
def test_server_recovers_the_same_from_the_open_file_alone(path: Path, seed: int) -> None:
    """Rooms, sessions, tickets, revocations and closes, over two seams, with rows of every kind drawn at random."""
    rng, seqs = Random(seed), dict.fromkeys("abcd", 0)
    noted(path)
    for _ in range(2):
        entries = [_drawn(rng, seqs, 1000.0 + n) for n in range(600)]
        before = recovered(written(path, entries))
        assert seal(path) is not None
        assert recovered(path) == before
    assert len(before.rooms) > 1 and before.sessions and before.spent_tickets and before.revoked and before.closes
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM log").fetchone()[0] < 900, "every row was kept"


def _drawn(rng: Random, seqs: dict[str, int], at: float) -> Entry:
    room, user, until = rng.choice("abcd"), rng.choice(["ada", "ben"]), at + rng.choice([500, 2000])
    one = rng.random()
    if one < 0.7:
        seqs[room] += 1
        return event(seqs[room], at=at, room=room)
    if one < 0.75:
        return Entry(at, "join", room, "e1", user=user)
    if one < 0.85:
        return Entry(at, "auth", id=f"s{rng.randrange(20)}", user=user, expires_at=until)
    if one < 0.9:
        return Entry(at, "ticket", id=f"t{at}", user=user, expires_at=until)
    if one < 0.92:
        return Entry(at, "revoke", user=user, expires_at=until)
    return Entry(at, "close", user=user, connection=f"c{at}", body='{"code":1000,"reason":"done"}')


def test_open_server_goes_on_while_its_file_is_sealed(path: Path) -> None:
    """A writer finds its number taken, and continues after the operator's row."""
    with opened(path) as audit:
        for seq in range(1, 6):
            assert store(audit, [event(seq)]) is None
            assert seal(path) is not None
        assert store(audit, [event(seq, room="b") for seq in range(1, 200)]) is None
    assert verify(path).is_intact and verify(path).files == 6
    assert [entry.seq for _, entry, _ in everything(path) if entry.room == "demo"] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("stop_before", "files"), [("append", 1), ("_delete_sealed", 2), ("_sync", 1), ("index_beside_server", 1)]
)
def test_interrupted_seal_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, stop_before: str, files: int
) -> None:
    """Verification, recovery and the next seal cope with what is left; so does a server that starts."""
    written(noted(path), [event(seq, at=1000.0 + seq) for seq in range(1, 300)])
    before = recovered(path)
    with monkeypatch.context() as patch:
        patch.setattr(f"labkit.wire.audit.sealing.{stop_before}", _stop)
        with pytest.raises(KeyboardInterrupt):
            seal(path)
    assert verify(path).is_intact and verify(path).files == files
    assert recovered(path) == before
    written(path, [event(300, at=1300.0)])
    assert seal(path) is not None
    assert verify(path).is_intact
    assert [entry.seq for _, entry, _ in everything(path) if entry.kind == "event"] == list(range(1, 301))


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_dropped_files_leave_a_chain_that_says_from_where_it_is_known(path: Path) -> None:
    """The oldest file goes, the others stay; an anchor from before is refused with a sentence."""
    anchor = verify(sealed(path, 1, 20)).last
    sealed(path, 21, 40)
    assert [file.name for file in drop(path, 1021.0)] == ["room.db.1-20.sealed"]
    assert str(verify(path)).endswith("; known from row 21 on, because rows 1 to 20 were dropped")
    assert verify(path, anchor).is_intact, "the last dropped row is still known by its hash"
    with pytest.raises(AuditError, match="row 7 is not here: the chain is known from row 21 on; use a newer anchor"):
        verify(path, Anchor(7, anchor.hash))
    assert drop(path, 1021.0) == []


def test_sealed_file_that_is_missing_without_a_drop_is_named(path: Path) -> None:
    """Nobody recorded a drop, so the sentence is another one."""
    sealed(path, 1, 20).unlink()
    assert "are in sealed files that are not here" in str(verify(path))


def test_hole_between_sealed_files_is_known_from_after_the_hole(path: Path) -> None:
    sealed(path, 1, 20)
    sealed(path, 21, 40).unlink()
    sealed(path, 41, 60)
    assert verify(path).start.n == 41


@pytest.mark.parametrize(
    ("of", "statement", "says"),
    [
        ("sealed", "UPDATE log SET user = 'eve' WHERE n = 3", "changed"),
        ("sealed", "DELETE FROM log WHERE n = 30", "builds on another row"),
        ("sealed", "DELETE FROM log WHERE n = 1", "missing"),
        ("open", "UPDATE log SET user = 'eve' WHERE n = 29", "keeps a changed copy"),
        ("open", "INSERT INTO log (n, at, kind, hash) VALUES (0, 1.0, 'revoke', zeroblob(32))", "was added"),
        ("open", "DELETE FROM log WHERE n = 29", "changed or removed"),
        ("open", "UPDATE meta SET value = '31' || substr(value, 3) WHERE name = 'after'", "no row says"),
        ("open", "DELETE FROM log WHERE kind = 'seal'", "no row says"),
    ],
)
def test_tampering_over_a_seam_is_found(path: Path, of: str, statement: str, says: str) -> None:
    """In a sealed file, in the copies that the open file keeps, and at the seam itself."""
    noted(path)
    file = sealed(path, 1, 30)
    written(path, [event(31)])
    tamper(file if of == "sealed" else path, statement)
    verdict = verify(path)
    assert not verdict.is_intact and says in verdict.why, str(verdict)


def test_changed_copies_are_found_when_the_sealed_file_is_gone(path: Path) -> None:
    """The `seal` row holds a digest of the copies."""
    noted(path)
    sealed(path, 1, 30).unlink()
    tamper(path, "UPDATE log SET user = 'eve' WHERE n = 29")
    assert "copies of sealed rows were changed" in verify(path).why


def test_front_cannot_be_cut_off_and_called_sealed(path: Path) -> None:
    """The anchor in `meta` counts only if a row of the chain names it."""
    written(path, [event(seq) for seq in range(1, 11)])
    with reading(path) as connection:
        row_hash = connection.execute("SELECT hash FROM log WHERE n = 5").fetchone()[0]
    tamper(path, "DELETE FROM log WHERE n <= 5", f"INSERT INTO meta VALUES ('after', '5:{row_hash.hex()}')")
    assert "no row says that earlier rows were sealed" in verify(path).why


def test_broken_chain_is_neither_sealed_nor_dropped(path: Path) -> None:
    """The evidence stays as it is."""
    file = sealed(path, 1, 10)
    tamper(file, "UPDATE log SET user = 'eve' WHERE n = 3")
    with pytest.raises(Broken, match="broken at row 3"):
        drop(path, 9e9)
    assert file.exists()
    written(path, [event(11), event(12)])
    tamper(path, "UPDATE log SET user = 'eve' WHERE n = 12")
    with pytest.raises(Broken, match="broken at row 12"):
        seal(path)
    assert len(sealed_files(path)) == 1


def test_sealed_file_of_a_newer_copy_is_kept(path: Path) -> None:
    """Somebody restored an old copy of the open file; the sealed rows exist nowhere else."""
    written(path, [event(1)])
    old = path.read_bytes()
    sealed(path, 2, 30)
    path.write_bytes(old)
    with pytest.raises(AuditError, match=r"holds rows that .*room.db does not have"):
        seal(path)
    assert len(sealed_files(path)) == 1


@pytest.mark.parametrize("use", [seal, Audit])
def test_sealed_file_refuses_rows(path: Path, use: Callable[[Path], object]) -> None:
    """A server that is given the wrong file says so."""
    with pytest.raises(AuditError, match="is sealed, so nothing is added to it"):
        use(sealed(path, 1, 3))


def test_file_of_a_class_is_not_sealed(path: Path) -> None:
    """A board reads every row when it starts."""
    written(path, [event(1)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE class (name)")
    with pytest.raises(AuditError, match="belongs to a class"):
        seal(path)


def test_two_changes_at_once_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second says who is at work."""
    written(path, [event(1)])
    answers: list[str] = []

    def second(*_: object) -> None:
        with pytest.raises(AuditError) as refused:
            seal(path)
        answers.append(str(refused.value))

    monkeypatch.setattr("labkit.wire.audit.sealing._sync", second)
    assert seal(path) is not None
    assert "is in use by another `labkit audit`" in answers[0]


def test_change_never_takes_the_servers_lock(path: Path) -> None:
    """A server that starts while an operator works would be told that another server has the file."""
    written(path, [event(1)])
    lock = path.with_name("room.db.lock")
    lock.unlink()
    assert seal(path) is not None and erase(path, "ada").rows == 1 and drop(path, 9e9)
    assert not lock.exists()


def test_readers_skip_the_copies(path: Path) -> None:
    """What the open file keeps for a start is printed with the sealed file, not twice."""
    sealed(path, 1, 10)
    written(path, [event(11)])
    assert ids(path) == [None, "id-demo-e1-11"]
