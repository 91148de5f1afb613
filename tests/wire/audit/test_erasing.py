"""Erasing one person's texts: nothing of them remains in any file, and the chain still verifies."""

import json
from pathlib import Path

import pytest

from labkit.rules.limits import Limits
from labkit.wire.audit import erasing
from labkit.wire.audit.erasing import blanked, erase
from labkit.wire.audit.recovery import recover
from labkit.wire.audit.schema import AuditError, Entry
from labkit.wire.audit.sealed_files import sealed_files
from labkit.wire.audit.sealing import seal
from labkit.wire.audit.verify import verify
from labkit.wire.audit.writer import Audit
from tests.wire.audit.files import opened, store, tamper, written

SECRET = "Tuesday-at-the-clinic"


def said(seq: int, user: str, **fields: object) -> Entry:
    """An event with everything that a client may choose."""
    body = {"type": "chat", "id": f"id-{seq}", "requestId": f"{SECRET}-r{seq}", "roomId": "demo", "userId": user}
    body |= {"text": f"{SECRET} {seq}", "sentAt": "2026-12-02T10:00:00.000Z", "seq": seq, **fields}
    return Entry(1000.0 + seq, "event", "demo", "e1", seq, f"id-{seq}", user, body=json.dumps(body))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Rows of two people in two sealed files and the open one; ben never says the secret."""
    path = tmp_path / "room.db"
    Audit(path, Limits(history_events=20, dedupe_s=10)).close()
    for part in range(3):
        seqs = range(1 + 50 * part, 51 + 50 * part)
        written(path, [said(n, "ada") if n % 2 else said(n, "ben", text="hi", requestId=f"r{n}") for n in seqs])
        if part < 2:
            seal(path)
    return path


def traces(path: Path) -> list[str]:
    """The files in the folder that still hold the secret or the id of one of ada's events, as bytes."""
    return [
        file.name
        for file in path.parent.iterdir()
        if SECRET.encode() in file.read_bytes() or b"id-51" in file.read_bytes()
    ]


def test_nothing_of_a_text_remains_in_any_file(path: Path) -> None:
    """Not in a sealed file, a copy, a free page, the index or the write-ahead log; nor does the id remain."""
    assert len(traces(path)) == 3
    erased = erase(path, "ada")
    assert (erased.rows, erased.files, erased.is_known) == (75, 3, True)
    assert traces(path) == []
    verdict = verify(path)
    assert verdict.is_intact and verdict.erased == 75 and verdict.last == erased.last


def test_text_leaves_the_files_beside_an_open_server(path: Path) -> None:
    """The server stores further rows meanwhile, and its write-ahead log is emptied too."""
    with opened(path) as audit:
        assert store(audit, [said(151, "ada")]) is None
        assert erase(path, "ada").rows == 76
        assert store(audit, [said(152, "ben", text="hi", requestId="r")]) is None
        assert traces(path) == []
    assert verify(path).is_intact


def test_what_the_server_chose_remains(path: Path) -> None:
    """Who, where, when and the seq; ben's rows are as they were."""
    before = said(7, "ada", type="progress", percent=40, note=SECRET, severity="warning")
    left = blanked(before)
    assert left._replace(id=before.id, body=before.body) == before
    body = json.loads(left.body or "")
    assert (body["type"], body["userId"], body["seq"], body["percent"], body["severity"]) == (
        "progress", "ada", 7, 40, "warning",
    )  # fmt: skip
    assert body["id"] == body["requestId"] == left.id and body["erased"] is True
    assert SECRET not in str(left) and left.id != blanked(said(8, "ada")).id


def test_erasing_again_changes_nothing(path: Path) -> None:
    first = erase(path, "ada")
    again = erase(path, "ada")
    assert (again.rows, again.last, again.is_known) == (0, first.last, True)
    assert not erase(path, "zoe").is_known


def test_server_recovers_erased_events_without_their_text(path: Path) -> None:
    """The room's seq has no hole, and a later text of the same person is stored as usual."""
    erase(path, "ada")
    with opened(path) as audit:
        (room,) = recover(path, Limits(history_events=20, dedupe_s=10), 2000.0).rooms
        assert room.seq == 150 and [event.seq for event, _, _ in room.events] == list(range(131, 151))
        assert not any(SECRET in event.body.decode() for event, _, _ in room.events)
        assert store(audit, [said(151, "ada")]) is None
    assert seal(path) is not None and verify(path).is_intact
    assert erase(path, "ada").rows == 1 and verify(path).is_intact


def test_change_is_not_called_an_erasure(path: Path) -> None:
    """Only what the `erase` row describes may be left of a row."""
    erase(path, "ada")
    tamper(path, "UPDATE log SET body = replace(body, 'ada', 'eve') WHERE n = 121")
    verdict = verify(path)
    assert verdict.broken_at == 121 and "changed" in verdict.why


def test_blanked_row_without_a_record_is_a_change(path: Path) -> None:
    """Somebody blanks a row with the right words, but no row of the chain says so."""
    left = blanked(said(111, "ada"))
    tamper(path, f"UPDATE log SET id = '{left.id}', body = '{left.body}' WHERE seq = 111 AND kind = 'event'")
    assert "changed" in verify(path).why


def test_sealed_file_alone_verifies_beside_the_others(path: Path) -> None:
    """The later files say what was erased from it."""
    erase(path, "ada")
    assert [verify(file.path).is_intact for file in sealed_files(path)] == [True, True]


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4, 5, 6])
def test_interrupted_erasure_is_completed_by_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    """Stopped before the record or the blanking of any file: intact then, and free of the text after another run."""
    calls = iter(range(1, 100))

    def counted(wanted: object) -> object:
        def call(*arguments: object) -> object:
            if next(calls) == stop_at:
                raise KeyboardInterrupt
            return wanted(*arguments)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        for name in ("_declare", "_blank"):
            patch.setattr(f"labkit.wire.audit.erasing.{name}", counted(getattr(erasing, name)))
        with pytest.raises(KeyboardInterrupt):
            erase(path, "ada")
    assert verify(path).is_intact, str(verify(path))
    erase(path, "ada")
    assert verify(path).is_intact and verify(path).erased == 75 and traces(path) == []


def test_damaged_body_is_not_erased(path: Path) -> None:
    """A sentence, and the file as it was."""
    tamper(path, "UPDATE log SET body = 'no JSON' WHERE seq = 121")
    with pytest.raises(AuditError, match="has a damaged body"):
        erase(path, "ada")
