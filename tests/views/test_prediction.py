"""A question, its answer, and the text that remains."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from labkit.views import Prediction

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def shell() -> InteractiveShell:
    return InteractiveShell.instance()


def test_answer_is_printed_with_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    guess = Prediction("How many?", ["one", "two"])
    guess.choose("two")
    guess.compare("one")
    guess.choose("one")
    guess.compare("one")
    printed = capsys.readouterr().out
    assert printed == "You predicted: two\nMeasured: one\nYou predicted: one\nMeasured: one, as you predicted\n"


def test_prediction_without_answer_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Prediction("How many?", ["one", "two"]).compare("two")
    assert capsys.readouterr().out == "No prediction was made.\nMeasured: two\n"


def test_measurement_not_an_answer_raises() -> None:
    with pytest.raises(ValueError, match="'three' is not one of the answers: one, two"):
        Prediction("How many?", ["one", "two"]).compare("three")


def test_question_becomes_text_when_compared() -> None:
    guess = Prediction("How many?", ["one", "two"])
    with capture_output() as captured:
        guess.ask()
        guess.compare("one")
    asked, settled = captured.outputs
    assert WIDGET in asked.data and WIDGET not in settled.data
    assert settled.update
    assert asked.data["text/plain"] == settled.data["text/plain"] == "How many?\n  ( ) one\n  ( ) two"


def test_text_marks_chosen_answer() -> None:
    guess = Prediction("How many?", ["one", "two"])
    guess.choose("two")
    assert repr(guess) == "How many?\n  ( ) one\n  (x) two"


REASONS = {"one": "it is the smallest", "two": "there are two ends", "three": "a room has a server too"}


@pytest.mark.parametrize(("measured", "common"), [("two", "one"), ("one", "two")])
def test_prediction_without_answer_shows_a_common_wrong_one(
    measured: str, common: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Prediction("How many?", REASONS).compare(measured)
    assert capsys.readouterr().out == (f"A common guess: {common}, because {REASONS[common]}\nMeasured: {measured}\n")


def test_wrong_answer_comes_with_its_reason_and_right_one_without(capsys: pytest.CaptureFixture[str]) -> None:
    guess = Prediction("How many?", REASONS)
    guess.choose("three")
    guess.compare("two")
    guess.choose("two")
    guess.compare("two")
    assert capsys.readouterr().out == (
        "You predicted: three (a common guess, because a room has a server too)\nMeasured: two\n"
        "You predicted: two\nMeasured: two, as you predicted\n"
    )


def test_reasons_are_not_shown_with_question() -> None:
    assert repr(Prediction("How many?", REASONS)) == "How many?\n  ( ) one\n  ( ) two\n  ( ) three"
