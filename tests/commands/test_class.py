"""`labkit class`: the verbs as an instructor types them."""

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from labkit.bench.ask import ask, basic
from labkit.classroom.board import Board
from labkit.classroom.grading.submission import pieces
from labkit.classroom.grading.verdicts import Verdicts
from labkit.classroom.grading.verifying import NO_ANSWER
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.tls import pinned
from labkit.cli import main
from labkit.commands.class_.board import lines
from labkit.course import passed
from labkit.course.exercises import exercises
from labkit.wire.audit.writer import Audit
from labkit.wire.client.client import Stopped
from labkit.wire.server import Server
from tests.classroom.school import exercise
from tests.course.answers import FOLDER as ANSWERS
from tests.e2e.schoolhouse import Schoolhouse
from tests.hangup import heeded
from tests.wire.raw import on_a_loop

RULE = "04-validator"
RIGHT = ANSWERS / RULE / "right" / "plain.py"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["class", *map(str, arguments)])


@pytest.fixture
def school(tmp_path: Path) -> "Schoolhouse":
    return Schoolhouse(tmp_path, ["ana", "ben"])


def test_class_from_start_to_export_works(school: Schoolhouse, tmp_path: Path) -> None:
    files = ("physics", "--file", school.file)
    with school:
        assert stat.S_IMODE(school.slips.stat().st_mode) == 0o600
        assert set(school.codes) == {"ana", "ben", INSTRUCTOR}
        with school.student("ana") as tell:
            tell("02-auth", "fail", "lets-in")
            tell("02-auth", "help")
            printed = run("board", *files).output
            assert re.search(r"^ana +HELP +asks about 02-auth$", printed, re.MULTILINE), printed
            done = run("drill", *files, "--plot", tmp_path / "d.png")
            assert done.exit_code == 0, done.output
            assert "1 of 1 back" in done.output and "without jitter" in done.output
            assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
            tell("02-auth", "pass")
    exported = json.loads(run("export", *files, "--json").output)
    status = {(row["student"], row["exercise"]): row["status"] for row in exported}
    assert (status["ana", "02-auth"], status["ben", "02-auth"]) == ("pass", "not begun")
    assert run("export", *files).stdout_bytes.decode("utf-8-sig").startswith("student,exercise,status")
    assert "class-02-auth,,,ana,,,,1.0,,1.0,1.0" in run("export", *files, "--gradebook").output
    lms = run("export", *files, "--lms").stdout_bytes
    assert lms.startswith(b"Student,ID,SIS User ID,SIS Login ID,Section,class-02-auth") and b"\nana,,,ana,,1.0" in lms
    assert run("export", *files, "--votes").stdout_bytes.decode("utf-8-sig").startswith("question,text,state,round")
    assert json.loads(run("export", *files, "--votes", "--json").output) == []
    assert run("export", *files, "--votes", "--lms").exit_code == 2
    done = run("drill", *files)
    assert (done.exit_code, done.output.count("no server on this machine")) == (2, 1)


def test_class_that_grades_counts_verified_passes_only(school: Schoolhouse, tmp_path: Path) -> None:
    """Judged while the class runs; a claim without an answer is accepted by hand."""
    files = ("physics", "--file", school.file)
    school.more = ["--grade"]
    answer = passed.Passed(exercise=RULE, name=exercises()[RULE].answer, source=RIGHT.read_text(encoding="utf-8"))
    with school:
        with school.student("ben") as tell:
            tell(RULE, "pass")
        with school.student("ana") as tell:
            tell.hand_in(pieces(answer, "d-1"))
            tell(RULE, "pass")
        verdicts = Verdicts(school.file)
        deadline = time.monotonic() + 60
        while len(verdicts.of_students()) < 2:
            assert time.monotonic() < deadline, "nothing was judged"
            time.sleep(0.2)
    exported = {
        row["student"]: row for row in json.loads(run("export", *files, "--json").output) if row["exercise"] == RULE
    }
    assert exported["ana"]["verified"] == "yes"
    assert (exported["ben"]["verified"], exported["ben"]["not_verified_because"]) == ("no", NO_ANSWER)
    assert [
        line.split(",")[3] for line in run("export", *files, "--gradebook").output.splitlines() if ",1.0,1.0" in line
    ] == ["ana"]
    judged = run("grade", *files)
    assert (judged.exit_code, judged.output.splitlines()[-1]) == (1, "1 verified, 1 not, 0 undecided")
    assert run("grade", *files, "--accept", "zoe", RULE).exit_code == 2
    assert run("grade", *files, "--accept", "ben", RULE).exit_code == 0
    assert run("grade", *files).exit_code == 0


def test_export_without_students_is_valid(school: Schoolhouse) -> None:
    """A clock in the year 9999 and half a character stay in the log, so every export must handle them."""
    files = ("physics", "--file", school.file)
    with school, school.student("ana") as tell:
        tell("02-auth", "started", at="9999-12-31T23:59:59Z")
        tell("03-rooms", "fail", "\ud800", at=1e308)
        tell("04-validator", "fail", "\udfff=", at="2026-11-26T09:00:00Z")
        tell("\ud800", "pass")
    for form in ("--csv", "--json", "--gradebook"):
        done = run("export", *files, form)
        assert (done.exit_code, done.exception) == (0, None)
    assert run("board", *files).exit_code == 0


def test_class_started_again_resumes(school: Schoolhouse) -> None:
    with school:
        with school.student("ana") as tell:
            tell("02-auth", "pass")
        slips, codes = school.slips.read_text(), school.codes
        school.process.send_signal(signal.SIGTERM)
        assert school.process.wait(timeout=20) == 0
        school.start()
        assert school.slips.read_text() == slips
        board = json.loads(ask(f"ws://localhost:{school.port}", "/class/board", basic(INSTRUCTOR, codes[INSTRUCTOR])))
    assert board["board"]["students"]["ana"]["cells"]["02-auth"]["status"] == "pass"


def test_closed_terminal_drains_class(school: Schoolhouse) -> None:
    with heeded(), school, school.student("ana"):
        school.process.send_signal(signal.SIGHUP)
        assert school.process.wait(timeout=20) == 0
        with closing(sqlite3.connect(school.file)) as file:
            closes = [json.loads(body) for (body,) in file.execute("select body from log where kind = 'close'")]
        assert 1012 in [close["code"] for close in closes]


def test_late_student_gets_code_while_class_runs(school: Schoolhouse, tmp_path: Path) -> None:
    """New names are admitted, and renewed codes replace the old ones."""
    late = tmp_path / "late.txt"
    with school:
        old = school.codes["ana"]
        assert run("code", "physics", "--file", school.file, "zoe", "ana", "--hand-out", late).exit_code == 0
        new = dict(re.findall(r"name='(.*?)', code='(.*?)'", late.read_text()))
        url = f"ws://localhost:{school.port}"
        for name in ("zoe", "ana"):
            assert json.loads(ask(url, "/ticket", basic(name, new[name]), b""))["ticket"]
        with pytest.raises(OSError, match="401"):
            ask(url, "/ticket", basic("ana", old), b"")


def test_removed_student_is_disconnected(school: Schoolhouse) -> None:
    files = ("physics", "--file", school.file)
    with school:
        code, url = school.codes["ben"], f"ws://localhost:{school.port}"
        with school.student("ben") as ben:
            ben("02-auth", "pass")
            assert run("remove", *files, "BEN").output == "removed: ben\n"

            def goes_on() -> None:
                while True:
                    ben("02-auth", "fail", "x")

            with pytest.raises(Stopped, match="4410"):
                goes_on()
        with pytest.raises(OSError, match="401"):
            ask(url, "/ticket", basic("ben", code), b"")
        board = json.loads(ask(url, "/class/board", basic(INSTRUCTOR, school.codes[INSTRUCTOR])))["board"]
        assert list(board["students"]) == ["ana"]
        assert "ben" not in run("board", *files).output
        assert run("remove", *files, "ben").exit_code == 2


def test_codes_are_not_written_to_a_log(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labkit", "class", "start", "--file", str(tmp_path / "c.db"), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "Error: standard output is not a terminal, and codes must not end up in a log; give --hand-out FILE"
    )


def test_codes_are_made_only_if_shown(school: Schoolhouse) -> None:
    """A start that fails, for its port or because the class already runs, changes no code and prints none."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = started(school, "--port", taken.getsockname()[1])
    assert done.returncode == 2 and not school.slips.exists()
    with school:
        codes = school.codes
        done = started(school, "--port", "0", "--new-instructor-code")
        assert done.returncode == 2 and "in use by another server" in done.stderr
        assert school.codes == codes
        assert ask(f"ws://localhost:{school.port}", "/class/board", basic(INSTRUCTOR, codes[INSTRUCTOR]))


def started(school: Schoolhouse, *more: object) -> "subprocess.CompletedProcess[str]":
    """What a start that cannot run prints."""
    files = ["--file", school.file, "--roster", school.folder / "roster.csv", "--hand-out", school.slips]
    command = [sys.executable, "-m", "labkit", "class", "start", "physics", *map(str, [*files, *more])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("own", [[], ["10.1.1.5", "172.17.0.1"]])
def test_lan_address_unknown_asks_for_url(school: Schoolhouse, own: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.platform.addresses._route_address", lambda: None)
    monkeypatch.setattr("labkit.platform.addresses._of_interfaces", lambda: own)
    files = ("--file", school.file, "--roster", school.folder / "roster.csv", "--hand-out", school.slips)
    done = run("start", "physics", *files, "--lan", "--tls", "--port", 0)
    assert done.exit_code == 2 and "--url wss://" in done.output
    assert all(one in done.output for one in own)
    assert not school.slips.exists() and not school.file.exists()


def test_disk_full_while_making_codes_is_reported(school: Schoolhouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every verb that writes to the class file, in one line without a traceback."""
    with school:
        pass

    def full(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr("labkit.classroom.register._connected", full)
    for verb in (("code", "physics", "zoe"), ("remove", "physics", "ana"), ("start", "physics", "--port", 0)):
        done = run(*verb, "--file", school.file, *(["--hand-out", school.slips] if verb[0] != "remove" else []))
        assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
        assert "the disk is full; free some space" in done.output


def test_disk_full_while_writing_slips_is_reported(school: Schoolhouse) -> None:
    """Codes are shown once, so the error says how to issue new ones."""
    with school:
        pass
    done = run("code", "physics", "ana", "--file", school.file, "--hand-out", "/dev/full")
    assert done.exit_code == 2
    assert re.search("could not write the new codes to .*: No space left on device; free some space", done.output)
    assert "labkit class code" in done.output


def test_class_listens_on_loopback_by_default(school: Schoolhouse) -> None:
    with school:
        listening = Path("/proc/net/tcp").read_text()
        addresses = re.findall(rf": ([0-9A-F]{{8}}):{school.port:04X} 00000000:0000 0A", listening)
    assert addresses == ["0100007F"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("start", "my class"), "'my class' is not a class name"),
        (("board", "none"), "there is no class file none.class.db"),
        (("export", "none"), "there is no class file none.class.db"),
        (("drill", "none", "--plot", "x.png"), "there is no class file none.class.db"),
        (("drill", "none", "--seconds", "nan"), "give a number from 1 to 86400"),
        (("code", "none", "zoe"), "there is no class file none.class.db"),
        (
            ("start", "--url", "https://x.example", "--hand-out", "s", "--file", "c.db", "--port", "0"),
            "use wss:// instead of https://",
        ),
        (("code", "none", "--url", "https://x.example", "zoe"), "use wss:// instead of https://"),
        (("start", "--roster", "missing.csv", "--file", "c.db"), "cannot read missing.csv: No such file"),
    ],
)
def test_arguments_invalid_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert fault in done.output


def test_file_not_a_class_is_left_unchanged(tmp_path: Path) -> None:
    """A room server's audit file, a database, a text, a folder: every verb refuses it in one line."""
    Audit(tmp_path / "room.db").close()
    with closing(sqlite3.connect(tmp_path / "room.db", isolation_level=None)) as room:
        room.execute("INSERT INTO log (n, at, kind, hash) VALUES (1, 0, 'start', x'00')")
    with closing(sqlite3.connect(tmp_path / "notes.db", isolation_level=None)) as notes:
        notes.execute("CREATE TABLE notes (text)")
    (tmp_path / "notes.txt").write_text("dear diary")
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "room.db.lock").unlink()
    before = contents(tmp_path)
    verbs = (("start", "--port", 0, "--hand-out", tmp_path / "s"), ("board",), ("drill",), ("export",), ("code",))
    for name in ("room.db", "notes.db", "notes.txt", "folder.db"):
        for verb, *more in verbs:
            names = ["zoe", "--hand-out", tmp_path / "s"] if verb == "code" else []
            done = run(verb, "lab", *names, *more, "--file", tmp_path / name)
            assert (done.exit_code, done.output.count("\n")) == (2, 1), (verb, name, done.output)
            assert before.items() <= contents(tmp_path).items(), (verb, name)


def contents(folder: Path) -> dict[str, bytes]:
    """The content of a file or folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_open_class_with_tls_prints_join_call(tmp_path: Path) -> None:
    """The printed call has the fingerprint it needs; a late slip has it too, and the address."""
    files = ["--file", str(tmp_path / "c.db"), "--hand-out", str(tmp_path / "slips.txt")]
    command = [sys.executable, "-m", "labkit", "class", "start", *files, "--tls", "--port", "0", "--with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None and serving.stdin is not None
        printed = "".join(iter(lambda: line_of(serving.stdout), ""))
        found = re.search(r"join\('(wss://.*?)', name=\.\.\., fingerprint='(\w+)'\)", printed)
        assert found is not None, printed
        assert json.loads(ask(found[1], "/class", tls=pinned(found[1], found[2])))["class"] == "lab"
        assert run("code", "lab", "zoe", "--file", tmp_path / "c.db", "--hand-out", tmp_path / "late").exit_code == 0
        serving.stdin.close()
    late = (tmp_path / "late").read_text()
    assert f"join('{found[1]}', name='zoe'" in late and f"fingerprint='{found[2]}'" in late


def test_slips_in_file_of_others_are_refused(
    school: Schoolhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An existing file becomes readable by its owner only; another user's file is refused."""
    with school:
        pass
    old = tmp_path / "old.txt"
    old.touch(0o644)
    with monkeypatch.context() as somebody_else:
        somebody_else.setattr(os, "geteuid", lambda: old.stat().st_uid + 1)
        done = run("code", "physics", "ana", "--file", school.file, "--hand-out", old)
    assert (done.exit_code, old.read_text()) == (2, "")
    assert "belongs to another user" in done.output
    assert run("code", "physics", "ana", "--file", school.file, "--hand-out", old).exit_code == 0
    assert stat.S_IMODE(old.stat().st_mode) == 0o600 and "code=" in old.read_text()


def line_of(printed: Any) -> str:
    """A line of a server that starts; empty for the last one."""
    line = str(printed.readline())
    return "" if "listening on" in line else line


def test_drill_of_empty_class_draws_nothing_and_says_so(school: Schoolhouse, tmp_path: Path) -> None:
    with school:
        done = run("drill", "physics", "--file", school.file, "--plot", tmp_path / "d.png")
    assert done.exit_code == 2, done.output
    assert "no student was connected, so there is nothing to draw" in done.output
    assert not (tmp_path / "d.png").exists()


def test_drill_of_server_without_class_is_refused(tmp_path: Path) -> None:
    """The drill's signal would kill a plain room server."""

    @on_a_loop
    async def served() -> None:
        async with Server("127.0.0.1", 0, audit=tmp_path / "room.db"):
            signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
            done = await asyncio.to_thread(run, "drill", "lab", "--file", tmp_path / "room.db")
            assert (done.exit_code, got) == (2, []), done.output
            assert "not a class file" in done.output

    got: list[int] = []
    before = signal.getsignal(signal.SIGUSR1)
    try:
        served()
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("name", ["p.pem", "p.crt", "p.key"])
def test_class_file_named_like_key_is_refused(tmp_path: Path, name: str) -> None:
    """With --tls, the key would overwrite the class file."""
    done = run("start", "--tls", "--port", 0, "--file", tmp_path / name, "--hand-out", tmp_path / "s")
    assert done.exit_code == 2 and "give the class file another suffix" in done.output
    assert list(tmp_path.iterdir()) == []


def test_file_empty_or_older_becomes_a_class(school: Schoolhouse) -> None:
    """A file made by `touch` or `mktemp`, and a class without the table of renewals."""
    school.file.touch()
    with school, school.student("ana") as tell:
        tell("02-auth", "pass")
    with sqlite3.connect(school.file) as file:
        file.execute("DROP TABLE renewals")
    assert re.search("^ana +pass$", run("board", "physics", "--file", school.file).output, re.MULTILINE)
    with school:
        assert ask(f"ws://localhost:{school.port}", "/class/board", basic(INSTRUCTOR, school.codes[INSTRUCTOR]))


def test_every_verb_has_examples() -> None:
    """The verbs and options in them exist."""
    verbs = re.findall(r"^  (\w+)  ", run("--help").output, re.MULTILINE)
    assert " ".join(verbs) == "start pack board help vote drill export grade solution here code remove"
    for verb in verbs:
        text = run(verb, "--help").output
        assert f"labkit class {verb}" in text
        options = set(re.findall(r"(--[a-z-]+)", text.partition("Examples:")[2]))
        assert options <= set(re.findall(r"(--[a-z-]+)", text.partition("Examples:")[0]))


def test_board_as_text_shows_who_is_ready() -> None:
    """A machine that is ready is mentioned until the first exercise, one that is not until it is mended."""
    board = Board(["01"])
    for event in (
        exercise("ana", 1, "ready", "fail", check="disk,clock"),
        exercise("ana", 2),
        exercise("ben", 1, "ready", "pass"),
        exercise("cleo", 1, "ready", "pass"),
        exercise("cleo", 2),
    ):
        board.apply(event)
    assert lines(board, 5000)[1:4] == [
        "ana          started  not ready: disk, clock",
        "ben          .   ready",
        "cleo         started",
    ]
