"""`labkit class vote`: ask, close, vote again and reveal, beside a running class."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.classroom.register import open_register
from labkit.classroom.votes.box import BallotBox, Vote
from labkit.cli import main
from labkit.commands.class_.vote import ANONYMOUS, NONE
from tests.e2e.schoolhouse import Schoolhouse

ASK = ("--ask", "Which fills first?", "--option", "ours", "--option", "the kernel's")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a class of three."""
    path = tmp_path / "class.db"
    open_register(path, "physics").enrol(["ana", "ben", "zoe"])
    return path


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["class", "vote", "physics", "--file", str(file), *arguments])


def cast(file: Path, name: str, choice: int, number: int = 1, *, by_name: bool = False) -> None:
    BallotBox(file).cast(name, Vote("q1", number, choice, f"the own secret of {name}"), by_name=by_name)


def test_question_is_asked_closed_voted_again_and_revealed(file: Path) -> None:
    assert run(file).output == f"{NONE}\n"
    asked = run(file, *ASK)
    assert (asked.exit_code, asked.output.splitlines()[:2]) == (
        0,
        ["q1  Which fills first?", "  open, 0 of 3 have voted"],
    )
    cast(file, "ana", 0)
    cast(file, "ben", 0)
    shown = run(file).output
    assert "counting, 2 of 3 have voted" in shown and "not yet: zoe" in shown
    assert re.search(r"^  1 ours +2 100% #{30}$", shown, re.MULTILINE), shown
    assert "closed, 2 of 3" in run(file, "--close").output
    assert "open, second vote, 0 of 3" in run(file, "--again").output
    cast(file, "ana", 1, 2)
    shown = run(file, "--reveal", "--measured", "the kernel's").output
    assert "revealed, second vote, 1 of 3 have voted" in shown
    assert re.search(r"^  2 the kernel's +0 +0% +1 100% #{30}  <- measured$", shown, re.MULTILINE), shown


def test_measurement_is_what_most_machines_found(file: Path) -> None:
    run(file, *ASK)
    for name, choice in (("ana", 0), ("ben", 1), ("zoe", 1)):
        BallotBox(file).report(name, "q1", choice)
    assert re.search(r"the kernel's.*<- measured", run(file, "--reveal").output)


def test_names_are_printed_only_in_a_class_that_votes_by_name(file: Path) -> None:
    run(file, *ASK)
    cast(file, "ana", 0)
    refused = run(file, "--names")
    assert (refused.exit_code, refused.output) == (2, f"Error: {ANONYMOUS}\n")
    open_register(file, "physics").vote_by_name()
    cast(file, "ben", 1, by_name=True)
    assert run(file, "--names").output.splitlines()[-1] == "  vote 1, the kernel's: ben"  # ana's vote had no name


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--ask", "One?", "--option", "a"], "the question has 1 options; give it 2 to 8"),
        (["--option", "a"], "--option is only for a new question; add --ask TEXT"),
        ([*ASK, "--close"], "--ask and --close cannot be combined"),
        ([*ASK, "--question", "q1"], "--ask asks a new question; omit --question"),
        (["--measured", "ours"], "--measured is only for --reveal; add it"),
        (["--reveal", "--measured", "other"], "--measured 'other' is not offered; the options are: ours, the kernel's"),
        (["--close", "--question", "q7"], "the class has no question 'q7'"),
        (["--close"], "'Which fills first?' is closed already"),
        (["--names"], ANONYMOUS),
    ],
)
def test_bad_input_is_one_sentence(file: Path, arguments: list[str], why: str) -> None:
    run(file, *ASK)
    run(file, "--close")
    before = BallotBox(file).tallies()
    done = run(file, *arguments)
    assert done.exit_code == 2
    assert done.output.startswith(f"Error: {why}") and done.output.count("\n") == 1, done.output
    assert BallotBox(file).tallies() == before


def test_class_without_a_file_or_a_question_is_one_sentence(tmp_path: Path, file: Path) -> None:
    for path, act in ((tmp_path / "none.db", "--close"), (file, "--close"), (file, "--reveal")):
        done = run(path, act)
        assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output


def test_running_class_takes_what_the_verb_changes_and_survives_a_kill(tmp_path: Path) -> None:
    with Schoolhouse(tmp_path, ["ana", "ben"]) as school:
        run(school.file, *ASK)
        school.vote("ana", "q1", 0)
        school.kill()
        school.start()
        school.vote("ana", "q1", 0)
        school.vote("ben", "q1", 1)
        assert "counting, 2 of 2 have voted" in run(school.file).output
