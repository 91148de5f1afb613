"""A question, its answer, and the text that stays."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from labkit.views import Prediction

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def shell() -> InteractiveShell:
    return InteractiveShell.instance()


def test_an_answer_is_put_beside_the_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    guess = Prediction("How many?", ["one", "two"])
    guess.choose("two")
    guess.compare("one")
    guess.choose("one")
    guess.compare("one")
    said = capsys.readouterr().out
    assert said == "predicted: two\nmeasured:  one\npredicted: one\nmeasured:  one - as predicted\n"


def test_nobody_in_front_of_it_predicts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Prediction("How many?", ["one", "two"]).compare("two")
    assert capsys.readouterr().out == "predicted: (nothing was chosen)\nmeasured:  two\n"


def test_a_measurement_that_is_no_answer_is_a_mistake_of_the_notebook() -> None:
    with pytest.raises(ValueError, match="'three' is none of the answers: one, two"):
        Prediction("How many?", ["one", "two"]).compare("three")


def test_the_question_becomes_text_when_it_is_answered() -> None:
    guess = Prediction("How many?", ["one", "two"])
    with capture_output() as captured:
        guess.ask()
        guess.compare("one")
    asked, settled = captured.outputs
    assert WIDGET in asked.data and WIDGET not in settled.data
    assert settled.update
    assert asked.data["text/plain"] == settled.data["text/plain"] == "How many?\n  ( ) one\n  ( ) two"


def test_the_text_that_stays_marks_what_was_chosen() -> None:
    guess = Prediction("How many?", ["one", "two"])
    guess.choose("two")
    assert repr(guess) == "How many?\n  ( ) one\n  (x) two"
