"""Exercises from solutions: as nbgrader would generate them, the same each time, or refused with a reason."""

import copy
import json
from typing import Any

import pytest

from labkit.course import generate
from labkit.course.build import build, made
from labkit.course.exercises import exercise, exercises
from labkit.course.notebook import cell_source, notebook_json, read_notebook
from labkit.course.paths import original

HOME = original()


def solution(name: str = "02-auth") -> Any:
    return read_notebook(HOME / "solutions" / f"{name}.ipynb")


def roles(notebook: Any) -> list[str]:
    return [cell["metadata"]["nbgrader"]["grade_id"] for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]


@pytest.mark.parametrize("name", exercises())
def test_files_are_current(name: str) -> None:
    """`labkit course build` would change nothing."""
    for path, text in made(HOME).items():
        if path.stem == name:
            assert path.read_text(encoding="utf-8") == text, f"{path}: run labkit course build"


@pytest.mark.parametrize("name", exercises())
def test_only_the_blank_differs(name: str) -> None:
    """Every other cell of the exercise is the solution's, with the same id."""
    ours, theirs = solution(name)["cells"], generate.exercise(solution(name), name)["cells"]
    assert [cell["id"] for cell in ours] == [cell["id"] for cell in theirs]
    assert len({cell["id"] for cell in ours}) == len(ours)
    differing = [one for one, other in zip(ours, theirs) if cell_source(one) != cell_source(other)]
    assert differing and all(generate.BEGIN in cell_source(cell) for cell in differing)
    assert not any("SOLUTION" in cell_source(cell) for cell in theirs)


def test_generating_twice_changes_nothing() -> None:
    """A generated source generates itself."""
    once = generate.source(solution(), "02-auth")
    assert generate.source(once, "02-auth") == once
    assert notebook_json(generate.exercise(once, "02-auth")) == notebook_json(
        generate.exercise(copy.deepcopy(once), "02-auth")
    )


def test_metadata_is_that_of_nbgrader() -> None:
    """The blank is a solution cell, the check a locked cell with points."""
    made_of = generate.source(solution(), "02-auth")
    assert roles(made_of) == ["02-auth-answer", "02-auth-check"]
    metadata = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]
        for cell in made_of["cells"]
        if cell["metadata"]
    }
    assert (metadata["02-auth-answer"]["solution"], metadata["02-auth-answer"]["grade"]) == (True, False)
    assert (
        metadata["02-auth-check"]["grade"],
        metadata["02-auth-check"]["locked"],
        metadata["02-auth-check"]["points"],
    ) == (
        True,
        True,
        1,
    )


def test_output_of_the_check_says_not_started() -> None:
    """It is the result of judging the blank."""
    last = [cell for cell in generate.exercise(solution(), "02-auth")["cells"] if cell["cell_type"] == "code"][-1]
    assert "".join(last["outputs"][0]["data"]["text/plain"]).startswith("02-auth: not started\n")


def test_blank_keeps_the_indentation() -> None:
    """The stub replaces the solution at the same indentation."""
    cell = "def f():\n    # why?\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    assert generate.cleared(cell) == "def f():\n    # why?\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    ### END SOLUTION", "", "### BEGIN SOLUTION without ### END SOLUTION"),
        ("### BEGIN SOLUTION", "### END SOLUTION", "no cell has ### BEGIN SOLUTION"),
        ("?", ".", "the blank has no comment with a question"),
        ("def handler", "def other", "no blank defines handler"),
        ('check("02-auth"', 'check("04-validator"', "exactly one cell must call check"),
        ("Anyone can connect", "Nobody", "the first cell does not contain the title"),
        ("../notebooks/02_auth.ipynb", "", "there is no link to ../notebooks/02_auth.ipynb"),
    ],
)
def test_incomplete_solution_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    """The message says what is missing."""
    notebook = solution()
    for cell in notebook["cells"]:
        cell["source"] = cell_source(cell).replace(old, new)
    with pytest.raises(generate.BadSource, match=reason):
        generate.exercise(notebook, "02-auth")


def test_build_reports_and_writes_stale_files(tmp_path: Any) -> None:
    """Comparing writes nothing; building writes both files, and a second build none."""
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
    notebook = solution()
    notebook["metadata"] = {}
    (tmp_path / "solutions" / "02-auth.ipynb").write_text(json.dumps(notebook))
    assert len(build(tmp_path, is_only_compared=True)) == 2
    assert not (tmp_path / "exercises" / "02-auth.ipynb").exists()
    assert len(build(tmp_path)) == 2
    assert build(tmp_path) == []
    assert (tmp_path / "exercises" / "02-auth.ipynb").read_text() == (HOME / "exercises" / "02-auth.ipynb").read_text()


def test_unknown_exercise_is_refused_with_a_list() -> None:
    """The message lists all ids."""
    with pytest.raises(KeyError, match="there is no exercise '99-none'; there are 02-auth"):
        exercise("99-none")
