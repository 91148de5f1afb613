"""The pages after a lesson: what they find out, what they show to whom, and that they need no server."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.classroom.after.facts import Facts, Miss, read
from labkit.classroom.after.pages import instructors_page, students_page
from labkit.classroom.after.writing import NoFolder, file_name, write
from labkit.classroom.board import Board
from labkit.classroom.catalogue import Catalogue, Listed, of_course
from labkit.classroom.grading.verdicts import Verdict
from labkit.classroom.votes.box import Asked, BallotBox, Tally, Vote
from labkit.classroom.votes.question import Question
from labkit.cli import main
from tests.classroom.school import CLASS, School, all_sent, at_work, exercise, teaching

OUT, AUTH = "06-outbox", "02-auth"
EVIL = "<script>alert(1)</script>"
MEANING = "It forgets <b>bytes</b>."
CATALOGUE = Catalogue({OUT: Listed("Slow & slower", {"over": MEANING}), AUTH: Listed("Who?")})


def tally(counts: list[tuple[int, ...]], measured: int | None, text: str = "Which fills first?") -> Tally:
    asked = Asked(Question("q1", text, ("ours", "theirs", EVIL)), "revealed", len(counts), measured)
    return Tally(asked, tuple(counts), frozenset(), 1)


def facts_of(*events: tuple[str, str, str, str | None], tallies: tuple[Tally, ...] = (), grades: bool = False) -> Facts:
    """A class in which (student, exercise, status, check) happened, in this order."""
    board, fails = Board([AUTH, OUT], ["ana", "ben", "cleo"]), {name: Counter() for name in ("ana", "ben", "cleo")}
    for n, (name, of, status, check) in enumerate(events, 1):
        board.apply(exercise(name, n, of, status, check=check))
        if status == "fail" and check:
            fails[name][of, check] += 1
    return Facts(CLASS, board, CATALOGUE, fails, tallies, {("ana", AUTH): Verdict("verified", "")}, grades)


EVENTS = (
    *(("ana", OUT, "fail", "over"), ("ana", OUT, "fail", "over"), ("ana", OUT, "pass", None)),
    *(("ben", OUT, "fail", "over"), ("cleo", OUT, "fail", "age"), ("ana", AUTH, "pass", None)),
)


def test_misses_those_of_most_students_first_and_who_is_left() -> None:
    assert facts_of(*EVENTS).misses == [Miss(OUT, "over", 2, 3, 1), Miss(OUT, "age", 1, 1, 1)]


def test_repeats_exercise_that_many_left_open_with_its_cause() -> None:
    assert facts_of(*EVENTS).repeats == [f"{OUT}: 2 of the 3 who began have not passed. {MEANING}"]
    assert facts_of(*EVENTS[:4]).repeats == []  # two students say nothing about a class


@pytest.mark.parametrize(
    ("counts", "measured", "sentence"),
    [
        ([(2, 6, 0)], 0, "25% of the votes were right; most others chose “theirs”."),
        ([(2, 6, 0), (4, 4, 0)], 0, "50% of the votes were right (25% before the discussion); most others chose"),
        ([(2, 6, 0), (7, 1, 0)], 0, None),  # the discussion has helped
        ([(0, 2, 0)], 0, None),  # too few
        ([(2, 6, 0)], None, None),  # nobody knows what is right
        ([(0, 0, 0)], 0, None),
    ],
)
def test_repeats_vote_that_most_got_wrong_in_the_last_round(
    counts: list[tuple[int, ...]], measured: int | None, sentence: str | None
) -> None:
    found = facts_of(tallies=(tally(counts, measured),)).repeats
    assert [one.partition("” ")[2].startswith(sentence or "-") for one in found] == ([] if sentence is None else [True])


def test_students_page_has_own_results_and_no_other_name() -> None:
    facts = facts_of(*EVENTS, tallies=(tally([(2, 6, 0)], 0),))
    page = students_page(facts, "ana", "Ana Ibáñez")
    assert "Ana Ibáñez" in page and "✔ passed" in page and "3 tries" in page
    assert re.search(r"\b(ben|cleo)\b", page) is None
    assert "Everything that you began is passed." in page
    assert f"{OUT}: not passed yet. It forgets &lt;b&gt;bytes&lt;/b&gt;." in students_page(facts, "ben", "ben")
    assert "You have begun no exercise yet." in students_page(facts_of(), "cleo", "cleo")


def test_students_page_of_a_grading_class_says_what_is_verified() -> None:
    page = students_page(facts_of(*EVENTS, grades=True), "ana", "ana")
    assert "✔ passed and verified" in page and "passed, not judged by the class yet" in page


def test_instructors_page_has_misses_votes_and_links() -> None:
    facts = facts_of(*EVENTS, tallies=(tally([(2, 6, 0), (7, 1, 0)], 0),))
    page = instructors_page(
        facts, {"ben": "Ben Okafor"}, {name: f"students/{name}.html" for name in facts.board.students}
    )
    assert '<a href="students/ben.html">Ben Okafor</a>' in page
    assert "Right: 25%, then 88%" in page and "2, then 7" in page and "✔ measured" in page
    assert page.index("It forgets") < page.index("The votes")


def test_pages_escape_names_options_and_checks() -> None:
    facts = facts_of(("ana", OUT, "fail", EVIL), tallies=(tally([(1, 1, 1)], 2, EVIL),))
    pages = instructors_page(facts, {"ana": EVIL}, {name: name for name in facts.board.students})
    for page in (pages, students_page(facts, "ana", EVIL)):
        assert EVIL not in page and "&lt;script&gt;" in page
        assert re.findall(r"<script|https?://|\bsrc=|@import|url\(", page) == []


def test_file_names_are_safe_and_differ() -> None:
    names = ["../../etc/passwd", "Ana", "ana", "a" * 300, "日本", "CON", "a/b", "a b"]
    files = [file_name(name) for name in names]
    assert len(set(files)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+-[0-9a-f]{6}\.html", one) for one in files)


def test_writing_replaces_an_earlier_export_and_nothing_else(tmp_path: Path) -> None:
    folder, facts = tmp_path / "pages", facts_of(*EVENTS)
    assert write(facts, folder, {}) == 3
    del facts.board.students["ben"]
    assert write(facts, folder, {}) == 2
    assert sorted(one.name for one in (folder / "students").iterdir()) == sorted(map(file_name, ("ana", "cleo")))
    assert folder.stat().st_mode & 0o077 == 0
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").write_text("mine")
    with pytest.raises(NoFolder, match="has other files"):
        write(facts, tmp_path / "own", {})
    with pytest.raises(NoFolder):
        write(facts, tmp_path / "own" / "thesis.txt", {})


def export(school: School, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["class", "export", CLASS, "--file", str(school.path), *map(str, arguments)])


async def test_export_html_of_a_real_class(tmp_path: Path) -> None:
    """Fails are counted once, a measurement by the students' machines counts as the answer, and a roster has names."""
    async with teaching(tmp_path, "ana", "ben", catalogue=of_course()) as school:
        async with at_work(school.member("ana"), tmp_path) as ana:
            for check in ("over", "over", "age"):
                ana.progress.add(OUT, "fail", check)
            await all_sent(ana)
        box = BallotBox(school.path)
        box.ask("Which?", ["one", "two"])
        for name, choice in (("ana", 0), ("ben", 1)):
            box.cast(name, Vote("q1", 1, choice, f"the own secret of {name}"))
            box.report(name, "q1", 1)
        facts = read(school.path, CLASS, Board.of((await school.get("/class/board"))["board"]), of_course())
        assert facts.fails["ana"] == {(OUT, "over"): 2, (OUT, "age"): 1}
        assert facts.questions[0].right == (0.5,)
    (tmp_path / "roster.csv").write_text("name,shown_as\nAna Ibáñez,ana\nBen Okafor,ben\n", encoding="utf-8")
    done = export(school, "--html", tmp_path / "pages", "--roster", tmp_path / "roster.csv")
    assert (done.exit_code, done.output) == (0, f"wrote {tmp_path / 'pages' / 'index.html'} and 2 pages of students\n")
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', index)
    assert [(tmp_path / "pages" / link).is_file() for link in links] == [True, True]
    assert "Ana Ibáñez" in index
    assert "Ben" not in (tmp_path / "pages" / links[0]).read_text(encoding="utf-8")


@pytest.mark.parametrize("more", [["--votes"], ["--json"], ["--lms"]])
async def test_export_html_with_another_form_is_refused(tmp_path: Path, more: list[str]) -> None:
    async with teaching(tmp_path, "ana") as school:
        pass
    done = export(school, "--html", tmp_path / "pages", *more)
    assert (done.exit_code, (tmp_path / "pages").exists()) == (2, False)
    assert json.dumps(done.output).count("--html") == 1
