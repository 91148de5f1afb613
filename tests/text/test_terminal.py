"""Every verb on a terminal that lacks characters: it ends as it would elsewhere, and what is JSON or CSV stays so."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.classroom.register import open_register
from labkit.cli import main
from labkit.course.paths import original
from tests.wire.audit.files import event, written

ENCODINGS = ("cp437", "gbk", "ascii", "utf-8")  # one of each kind
NAMES = ("Zoë", "王小明", "Łukasz")
SOLUTION = original() / "solutions" / "04-validator.ipynb"
WRONG = "# Ł✓王\ndef validate(text):\n    print('Ł✓王')\n    return {'Ł': '王✓'}\n"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An audit file, a class and a wrong answer, all with names from everywhere."""
    folder = tmp_path_factory.mktemp("Łódź")
    register = open_register(folder / "class.db", "physics")
    register.enrol(NAMES)
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    entries = [event(number)._replace(user=name) for number, name in enumerate(NAMES)]
    return {
        "audit": written(folder / "room.db", entries),
        "class": folder / "class.db",
        "wrong": folder / "wrong.py",
        "missing": folder / "missing.csv",
        "home": folder / "home",
        "report": folder / "report.json",
    }


@pytest.fixture(params=ENCODINGS)
def encoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, places: dict[str, Path]) -> str:
    monkeypatch.setenv("LABKIT_HOME", str(places["home"]))
    return str(request.param)


def run(encoding: str, *arguments: object) -> Result:
    done = CliRunner(charset=encoding).invoke(main, [*map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_what_verbs_print_is_shown(encoding: str, places: dict[str, Path]) -> None:
    """With the exit code that they have on any terminal."""
    kept = ("physics", "--file", places["class"])
    expected = {
        ("check", "04-validator", "--answer", SOLUTION): 0,
        ("check", "04-validator", "--answer", places["wrong"]): 1,
        ("course", "list"): 0,
        ("course", "diff", "04-validator", "--answer", places["wrong"], "--peek"): 0,
        ("class", "board", *kept): 0,
        ("class", "start", *kept, "--roster", places["missing"]): 2,
        ("audit", places["audit"]): 0,
        ("audit", places["audit"], "--verify"): 0,
        ("audit", places["missing"]): 2,
        ("explain", "1013"): 0,
        ("storm", "--clients", "50"): 0,
        ("review", "--list"): 0,
        ("serve", "--config", places["missing"]): 2,
        ("load", "--url", "ws://127.0.0.1:9/Łódź"): 2,
    }
    assert {words: run(encoding, *words).exit_code for words in expected} == expected


def test_json_is_ascii_in_every_encoding(encoding: str, places: dict[str, Path]) -> None:
    """On standard output, and in a file beside a report for people."""
    right = ("check", "04-validator", "--answer", SOLUTION, "--json")
    for words, code in {
        (*right, "-"): 0,
        ("check", "04-validator", "--answer", places["wrong"], "--json", "-"): 1,
        ("class", "export", "physics", "--file", places["class"], "--json"): 0,
        ("storm", "--clients", "50", "--json"): 0,
    }.items():
        done = run(encoding, *words)
        assert done.exit_code == code, words
        assert json.loads(done.stdout_bytes.decode("ascii")), words
    assert run(encoding, *right, places["report"]).exit_code == 0
    assert json.loads(places["report"].read_bytes().decode("ascii"))["verdict"] == "pass"


def test_csv_is_utf8_with_a_mark_in_every_encoding(encoding: str, places: dict[str, Path]) -> None:
    told = {
        "user": run(encoding, "audit", places["audit"], "--csv"),
        "student": run(encoding, "class", "export", "physics", "--file", places["class"], "--csv"),
    }
    for column, done in told.items():
        assert done.stdout_bytes.startswith(b"\xef\xbb\xbf")
        rows = csv.DictReader(io.StringIO(done.stdout_bytes.decode("utf-8-sig"), newline=""))
        assert set(NAMES) <= {row[column] for row in rows}


def test_a_grade_book_is_utf8_without_a_mark(encoding: str, places: dict[str, Path]) -> None:
    """Programs read it, and take a mark for a part of the first column."""
    done = run(encoding, "class", "export", "physics", "--file", places["class"], "--gradebook")
    rows = csv.DictReader(io.StringIO(done.stdout_bytes.decode("utf-8"), newline=""))
    assert set(NAMES) <= {row["student_id"] for row in rows if row["assignment"]}


@pytest.mark.parametrize("name", ["cp1252", "gbk", "latin-1", "C"])
def test_a_real_terminal_gets_its_verdict(name: str, places: dict[str, Path], tmp_path: Path) -> None:
    """As the interpreter sets it up: marks that are missing are shown as plain characters."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = os.environ | {"LABKIT_HOME": str(tmp_path)} | plain
    if name != "C":
        environment["PYTHONIOENCODING"] = name
    command = [sys.executable, "-m", "labkit", "check", "04-validator", "--answer", str(SOLUTION)]
    done = subprocess.run([*command, "--json", tmp_path / "r.json"], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads((tmp_path / "r.json").read_bytes())["verdict"] == "pass"
    assert b"\n+ runs: " in done.stdout or name in ("gbk", "ascii", "C")
