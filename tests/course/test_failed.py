"""The newest answer that failed stays here, until it passes."""

from pathlib import Path

import pytest

from labkit.course.checking import checked
from labkit.course.exercises import exercise
from labkit.course.failed import FOLDER, keep, kept
from labkit.course.progress import Progress
from labkit.course.source import Answer
from tests.course.answers import FOLDER as ANSWERS

RULE = exercise("04-validator")
WRONG = Answer("def validate(text):\n    return None\n", "validate")
HALF = Answer("def validate(text):\n    return '\\ud800'  # \ud800\n", "validate")
RIGHT = Answer((ANSWERS / RULE.id / "right" / "plain.py").read_text(encoding="utf-8"), RULE.answer)


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.jsonl")


def test_failed_answer_is_kept_with_what_the_check_found(progress: Progress) -> None:
    result = checked(RULE, WRONG, 7, progress)
    found = kept(progress, RULE.id)
    assert found is not None and result.first_failed is not None
    assert (found.source, found.name, found.seed, found.check) == (*WRONG, 7, "good")
    assert (found.expected, found.actual) == (result.first_failed.expected, result.first_failed.actual)
    assert found.tag == result.first_failed.misconception
    path = progress.path.parent / FOLDER
    assert path.stat().st_mode & 0o777 == 0o700


def test_newer_fail_replaces_it_and_a_pass_removes_it(progress: Progress) -> None:
    checked(RULE, WRONG, progress=progress)
    checked(RULE, Answer("def validate(text):\n    raise ValueError\n", "validate"), progress=progress)
    found = kept(progress, RULE.id)
    assert found is not None and "ValueError" in found.source
    assert checked(RULE, RIGHT, progress=progress).verdict == "pass"
    assert kept(progress, RULE.id) is None


def test_answer_with_half_a_character_is_kept(progress: Progress) -> None:
    keep(progress, checked(RULE, WRONG, progress=progress), HALF, 1)
    found = kept(progress, RULE.id)
    assert found is not None and found.source == HALF.source


@pytest.mark.parametrize("text", ["", "{", "[]", '{"exercise": 1}', "[" * 9000])
def test_file_that_is_no_answer_is_none(progress: Progress, text: str) -> None:
    (progress.path.parent / FOLDER).mkdir()
    (progress.path.parent / FOLDER / f"{RULE.id}.json").write_text(text)
    assert kept(progress, RULE.id) is None


def test_folder_that_is_a_file_costs_no_verdict(progress: Progress) -> None:
    (progress.path.parent / FOLDER).write_text("")
    result = checked(RULE, WRONG, progress=progress)
    assert result.verdict == "fail" and str(progress.path.parent) in result.unrecorded
