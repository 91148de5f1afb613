"""A question, and the predictions of the lessons."""

import json
import re

import pytest

from labkit.classroom.votes.lessons import predictions
from labkit.classroom.votes.question import MASK, BadQuestion, checked, key_of, option_of
from labkit.course.paths import original


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        (" ", ["a", "b"], "the question has 0 characters; give it 1 to 300"),
        ("x" * 301, ["a", "b"], "the question has 301 characters"),
        ("One?", ["a"], "the question has 1 options; give it 2 to 8"),
        ("One?", list("abcdefghi"), "the question has 9 options"),
        ("One?", ["a", " "], "the option '' has 0 characters"),
        ("One?", ["a", "b" * 121], "has 121 characters; give it 1 to 120"),
        ("One?", ["a", "b", " a "], "the option 'a' is offered twice"),
    ],
)
def test_bad_question_says_what_to_change(text: str, options: list[str], why: str) -> None:
    with pytest.raises(BadQuestion, match=re.escape(why)):
        checked(text, options)


def test_lone_surrogates_and_line_ends_become_one_line() -> None:
    assert checked(" One\n or \ud800? ", ["a\tb", "c"]) == ("One or \ufffd?", ("a b", "c"))


@pytest.mark.parametrize(
    ("answer", "found"), [("yes", 0), (" NO ", 1), (1, 0), ("2", 1), (0, None), (3, None), ("yess", None), ("²", None)]
)
def test_option_is_found_by_text_or_number(answer: str | int, found: int | None) -> None:
    assert option_of(["yes", "no"], answer) == found


def test_option_that_is_a_number_is_meant_as_text_before_its_place() -> None:
    """Close codes and counts are options; the integer means the place."""
    assert (option_of(["2", "1"], "1"), option_of(["2", "1"], 1)) == (1, 0)


def test_every_prediction_of_the_notebooks_is_known() -> None:
    """Otherwise the room could not vote on it."""
    sources = [
        "".join(cell["source"])
        for path in (original() / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_bytes())["cells"]
        if cell["cell_type"] == "code"
    ]
    written = sum(source.count("Prediction(") for source in sources)
    assert len(predictions()) == written > 20


def test_prediction_has_one_key_whatever_numbers_a_machine_has() -> None:
    """A notebook's f-string has another number on each machine."""
    many = next(one for one in predictions().values() if MASK in one.text)
    for number in ("300", "1,024", "7.5"):
        texts = [text.replace(MASK, number) for text in (many.text, *many.options)]
        assert key_of(texts[0], texts[1:]) == many.id
    assert key_of(many.text, many.options[:-1]) != many.id
