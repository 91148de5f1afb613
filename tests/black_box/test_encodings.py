"""Row 11: encodings of answers, terminals, rosters and tables."""

import json
import re

import pytest

from tests.black_box.kit import Kit, last
from tests.black_box.talking import Member

NAMES = ("Zo\xeb", "\u738b\u5c0f\u660e", "\u0141ukasz")


def test_answer_with_a_byte_order_mark_passes(kit: Kit) -> None:
    checked = kit.check(kit.answer(b"\xef\xbb\xbf" + kit.solution().encode()))
    assert checked.passed, checked


def test_answer_with_a_coding_line_passes(kit: Kit) -> None:
    source = "# -*- coding: latin-1 -*-\nNAME = 'Zo\xeb'\n" + kit.solution()
    checked = kit.check(kit.answer(source.encode("latin-1")))
    assert checked.passed, checked


TERMINALS = ("cp1252", "cp437", "gbk", "latin-1")


def terminal(encoding: str) -> dict[str, object]:
    """The variables of a terminal in this encoding."""
    return {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("encoding", TERMINALS)
def test_verdict_is_shown_on_any_terminal(encoding: str, kit: Kit) -> None:
    words = ("check", "04-validator", "--answer", kit.answer(kit.solution()), "--json", "result.json")
    done = kit.run(*words, env=terminal(encoding))
    assert done.returncode == 0 and "Traceback" not in done.stderr, last(done.stderr)
    assert json.loads((kit.folder / "result.json").read_text())["verdict"] == "pass"


def leave_records(kit: Kit) -> None:
    """A class with names from everywhere, and an audit with such a text."""
    kit.school(names=NAMES).ends()
    server = kit.serve("--audit", "room.db")
    Member(server.url, room="a").ask(type="chat", roomId="a", text="\u0141\u2713\u738b")
    server.ends()


@pytest.mark.parametrize("encoding", TERMINALS)
def test_names_from_everywhere_are_shown_on_any_terminal(encoding: str, kit: Kit) -> None:
    leave_records(kit)
    for words in (("class", "export", "c"), ("class", "board", "c"), ("audit", "room.db", "--csv")):
        done = kit.run(*words, env=terminal(encoding))
        assert done.returncode == 0 and "Traceback" not in done.stderr, (words, last(done.stderr))


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "mac_roman"])
def test_list_in_another_encoding_is_read_or_explained(encoding: str, kit: Kit) -> None:
    (kit.folder / "roster.csv").write_bytes("name\nana\nZo\xeb\n".encode(encoding))
    (kit.folder / "users.csv").write_bytes("name,code,rooms\nZo\xeb,correct-horse,*\n".encode(encoding))
    school = ("class", "start", "c", "--port", "0", "--roster", "roster.csv", "--hand-out", "slips")
    for words in (school, ("serve", "--port", "0", "--users", "users.csv")):
        verb = kit.start(*words, listens=False)
        try:
            verb.until_listening()
        except AssertionError:
            said = last(verb.said)
            assert "line" in said and "UTF-8" in said and re.search("encod|Windows|Mac", said), said
        verb.ends()


def test_tables_for_spreadsheets_begin_with_a_mark(kit: Kit) -> None:
    leave_records(kit)
    for words in (("class", "export", "c", "--csv"), ("audit", "room.db", "--csv")):
        assert kit.run(*words).stdout.startswith("\ufeff"), words
