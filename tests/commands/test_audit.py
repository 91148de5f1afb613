"""`labkit audit`: output and exit codes."""

import csv
import io
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.commands.audit import audit
from labkit.wire.audit.schema import Entry
from labkit.wire.audit.verify import verify
from tests.wire.audit.files import event, opened, store, tamper, written


def run(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(audit, [str(argument) for argument in arguments])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A start, three events in two rooms a second apart, and a close."""
    events = [event(seq, at=1000.0 + seq, room="ab"[seq % 2]) for seq in range(3)]
    close = Entry(1010.0, "close", user="ada", connection="c1", body='{"code":1013,"reason":"slow"}')
    return written(tmp_path / "room.db", [Entry(999.0, "start"), *events, close])


def test_rows_are_printed_one_per_line(path: Path) -> None:
    """Number, time in UTC, kind, then each column that is not empty."""
    lines = run(path).stdout.splitlines()
    assert lines[0] == "1 1970-01-01T00:16:39.000Z start"
    assert lines[4] == '5 1970-01-01T00:16:50.000Z close user=ada connection=c1 body={"code":1013,"reason":"slow"}'
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (["--room", "b"], ["3"]),
        (["--since", "1002"], ["4", "5"]),
        (["--since", "1001.5"], ["4", "5"]),
        (["--since", "1970-01-01T00:16:42Z"], ["4", "5"]),
        (["--since", "1970-01-01T00:16:42"], ["4", "5"]),
        (["--since", "1970-01-01T02:16:42+02:00"], ["4", "5"]),
        (["--since", "1970-01-01"], ["1", "2", "3", "4", "5"]),
        (["--since", "1001", "--room", "a"], ["4"]),
    ],
)
def test_rows_are_filtered_by_time_and_room(path: Path, arguments: list[str], rows: list[str]) -> None:
    """Seconds or ISO 8601; UTC without an offset."""
    assert [line.split()[0] for line in run(path, *arguments).stdout.splitlines()] == rows


def test_rows_are_read_beside_server(path: Path) -> None:
    """No lock is taken, and rows that are only in the write-ahead log are included."""
    with opened(path) as log:
        assert store(log, [event(9)]) is None
        assert "id-demo-e1-9" in run(path).stdout
        assert run(path, "--verify").exit_code == 0


def test_control_characters_are_escaped(tmp_path: Path) -> None:
    path = written(tmp_path / "room.db", [event(1)._replace(user="\x1b[2Jäф\u202e\r\nfake 2")])
    assert r"user=\x1b[2Jäф\u202e\r\nfake 2 " in run(path).stdout
    assert len(run(path).stdout.splitlines()) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_escapes_formulas(tmp_path: Path, start: str) -> None:
    """In every text column; the value stays in one cell."""
    formula = f"{start}cmd|'/c calc'!A0\r=1+1"
    named = event(1)._replace(user=formula, room=formula, id=formula, connection=formula, body=formula)
    printed = run(written(tmp_path / "room.db", [named, event(2)]), "--csv").stdout_bytes.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(printed, newline=""))
    assert header == ["n", *Entry._fields]
    cells = dict(zip(header, rows[0]))
    assert {cells[name] for name in ("user", "room", "id", "connection", "body")} == {f"'{formula}"}
    assert dict(zip(header, rows[1]))["user"] == "ada"


def test_csv_times_are_readable_by_spreadsheets(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(path, "--csv", "--room", "b").stdout_bytes.decode("utf-8-sig"))))
    assert [(row["n"], row["at"], row["seq"], row["expires_at"]) for row in rows] == [
        ("3", "1970-01-01T00:16:41.000Z", "1", "")
    ]


def test_row_with_nonsense_is_shown(path: Path) -> None:
    tamper(path, "UPDATE log SET at = 1e300, user = CAST(X'ff41' AS TEXT), expires_at = 'never' WHERE n = 2")
    for arguments in ([], ["--csv"]):
        result = run(path, *arguments)
        assert result.exit_code == 0 and "1e+300" in result.stdout and "never" in result.stdout


def test_verify_intact_prints_hash_to_keep(path: Path) -> None:
    result = run(path, "--verify")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"intact: 5 rows, the last is {verify(path).last}; ")
    assert result.stdout.count("\n") == 1


def test_verify_broken_says_where_and_why(path: Path) -> None:
    tamper(path, "DELETE FROM log WHERE n = 3")
    result = run(path, "--verify")
    assert (result.exit_code, result.stdout) == (1, "broken at row 3: this row is missing\n")


def test_verify_with_anchor_detects_missing_end(path: Path) -> None:
    anchor = str(verify(path).last)
    assert run(path, "--verify", "--anchor", anchor).exit_code == 0
    tamper(path, "DELETE FROM log WHERE n = 5")
    assert run(path, "--verify").exit_code == 0
    result = run(path, "--verify", "--anchor", anchor)
    assert result.exit_code == 1 and "its end was cut off" in result.stdout


@pytest.mark.parametrize("arguments", [[], ["--csv"], ["--verify"]])
def test_file_unreadable_exits_2_with_one_line(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "text.db").write_text("nothing of the kind " * 100)
    for name in ("missing.db", ".", "text.db"):
        result = run(tmp_path / name, *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "yesterday"], "ISO time such as"),
        (["--since", "nan"], "ISO time such as"),
        (["--since", "²"], "ISO time such as"),
        (["--verify", "--anchor", "12"], "N:HASH"),
        (["--anchor", "1:" + "0" * 64], "--anchor needs --verify"),
        (["--verify", "--room", "a"], "--verify and --broker read every row"),
        (["--verify", "--csv"], "--verify and --broker read every row"),
    ],
)
def test_option_invalid_says_what_is_valid(path: Path, arguments: list[str], says: str) -> None:
    result = run(path, *arguments)
    assert result.exit_code == 2 and says in result.stderr


def test_seal_prints_file_and_anchor(path: Path) -> None:
    """The anchor is the last sealed row's; a second call has nothing to do."""
    anchor = verify(path).last
    result = run(path, "--seal")
    assert result.exit_code == 0
    assert result.stdout == f"sealed 5 rows in {path}.1-5.sealed; save this anchor somewhere else: {anchor}\n"
    assert run(path, "--seal").stdout == f"{path} has no new rows to seal\n"
    assert run(path, "--verify", "--anchor", str(anchor)).stdout.startswith("intact: 6 rows in 2 files, ")


def test_drop_prints_files_and_verify_says_from_where(path: Path) -> None:
    """A file goes only if all of its rows are older."""
    run(path, "--seal")
    assert run(path, "--drop-before", "1010").stdout == "no sealed file is that old\n"
    assert run(path, "--drop-before", "1010.5").stdout == f"dropped {path}.1-5.sealed\n"
    assert "; known from row 6 on, because rows 1 to 5 were dropped; " in run(path, "--verify").stdout


def test_erase_prints_count_and_refuses_an_unknown_user(path: Path) -> None:
    """A misspelt name erases nothing, and must not look like success."""
    result = run(path, "--erase", "ada")
    assert result.exit_code == 0 and result.stdout.startswith("erased 3 texts by ada in 1 files; the chain ends at 6:")
    assert run(path, "--erase", "ada").stdout.startswith("erased 0 texts by ada")
    unknown = run(path, "--erase", "adda")
    assert unknown.exit_code == 1 and "have no row of 'adda'" in unknown.stdout


def test_erase_beside_a_server_says_what_is_still_in_memory(path: Path) -> None:
    with opened(path):
        assert f"the running server (process {os.getpid()}) still has" in run(path, "--erase", "ada").stdout
    written(path, [event(9)])
    assert "running server" not in run(path, "--erase", "ada").stdout


def test_seal_of_a_broken_file_exits_1(path: Path) -> None:
    tamper(path, "DELETE FROM log WHERE n = 3")
    result = run(path, "--seal")
    assert result.exit_code == 1 and "broken at row 3" in result.stdout and "nothing was changed" in result.stdout


@pytest.mark.parametrize("change", [["--seal"], ["--erase", "ada"], ["--drop-before", "2000"]])
def test_change_of_no_audit_file_exits_2_with_one_line(tmp_path: Path, change: list[str]) -> None:
    (tmp_path / "text.db").write_text("nothing of the kind " * 100)
    for name in ("missing.db", ".", "text.db"):
        result = run(tmp_path / name, *change)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    for more in (["--verify"], ["--csv"], ["--room", "a"], ["--seal", "--erase", "ada", "--drop-before", "1"]):
        assert "each run alone" in run(tmp_path / "x.db", *change, *more).stderr
