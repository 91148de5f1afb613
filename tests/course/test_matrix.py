"""The kill matrix: of each exercise, every known answer comes out as it must, by the check that must, with its hint.

`make test` judges one right answer and, for each check, a wrong one; `make matrix` judges all.
"""

import asyncio
from collections import defaultdict

import pytest

from labkit.course.exercises import exercises
from labkit.course.result import Result
from tests.course import matrix
from tests.course.answers import Known, known, one_per_check, unseen

IDS = tuple(exercises())
Judged = dict[str, list[tuple[Known, Result]]]


@pytest.fixture(scope="session")
def judged(request: pytest.FixtureRequest) -> Judged:
    """The answers of the exercises that are asked for in this run, all judged in one go."""
    asked = {item.callspec.params["name"] for item in request.session.items if _reads_judged(item)}
    wanted = [answer for name in IDS if name in asked for answer in one_per_check(known(name))]
    found: Judged = defaultdict(list)
    for answer, result in asyncio.run(matrix.results(wanted)):
        found[answer.exercise].append((answer, result))
    return found


def _reads_judged(item: pytest.Item) -> bool:
    return "judged" in getattr(item, "fixturenames", ()) and hasattr(item, "callspec")


@pytest.mark.timeout(600)  # the first of them waits for all
@pytest.mark.parametrize("name", IDS)
def test_known_answer_of_each_check_is_judged_as_expected(name: str, judged: Judged) -> None:
    """The right one passes; wrong ones fail the check that must catch them, others stay silent, and the hint fits."""
    assert matrix.faults(judged[name]) == []


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", IDS)
def test_every_known_answer_is_judged_as_expected(name: str) -> None:
    """The others, too: each misconception has an answer, and some have several."""
    assert matrix.faults(asyncio.run(matrix.results(known(name)))) == []


@pytest.mark.parametrize("name", IDS)
def test_exercise_has_enough_known_answers(name: str) -> None:
    """At least 3 right ones, 8 wrong ones, and a wrong one for every check."""
    answers = known(name)
    assert sum(answer.is_right for answer in answers) >= 3
    assert sum(not answer.is_right for answer in answers) >= 8
    caught = {check for answer in answers for check in answer.failing}
    assert {check.id for check in exercises()[name].checks} - caught == set()


@pytest.mark.parametrize("name", IDS)
def test_every_misconception_has_an_answer(name: str) -> None:
    """What the exercise knows of is shown by a wrong answer."""
    shown = {answer.misconception for answer in known(name)}
    assert {one.tag for one in exercises()[name].misconceptions} - shown == set()


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", IDS)
def test_unseen_answers_are_judged_as_expected(name: str) -> None:
    """Answers by people who had read the text and never seen the checks."""
    assert matrix.faults(asyncio.run(matrix.results(unseen(name)))) == []


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2, 7))
@pytest.mark.parametrize("name", IDS)
def test_answers_keep_their_verdict_with_other_seeds(name: str, seed: int) -> None:
    """Another seed, the same verdicts."""
    answers = [*known(name), *unseen(name)]
    assert matrix.faults(asyncio.run(matrix.results(answers, seed))) == []
