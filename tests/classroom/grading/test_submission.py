"""Answers on their way to the class: cut into pieces and put together again."""

import pytest

from labkit.classroom.grading.submission import MOST_PIECES, PIECE, Assembly, TooLong, pieces
from labkit.course.passed import Passed

REQUEST = "b1f0c3.d4e5f6-12"


def passed(source: str) -> Passed:
    return Passed(exercise="02-auth", name="handler", source=source)


def events(answer: Passed, student: str = "ana", request: str = REQUEST) -> list[dict[str, object]]:
    return [{"type": "comment", "userId": student, **piece} for piece in pieces(answer, request)]


@pytest.mark.parametrize(
    "source", ["", "x = 1\n", "é€\U0001f600\ud800" * 500, "y" * (PIECE - 50), "z = 'quoted \\n'\n" * 900]
)
def test_pieces_make_the_same_answer(source: str) -> None:
    assembly = Assembly()
    for event in events(passed(source)):
        assert 1 <= len(str(event["text"])) <= PIECE and str(event["text"]).isascii()
        assert len(str(event["target"])) <= 100
        assembly.add(event)
    assert assembly.get("ana", REQUEST) == passed(source)


def test_order_and_repetition_do_not_matter() -> None:
    """A piece that is sent again with other words changes nothing."""
    sent = events(passed("x = 1\n" * 600))
    assembly = Assembly()
    for event in (*reversed(sent), *({**event, "text": "nonsense"} for event in sent)):
        assembly.add(event)
    assert assembly.get("ana", REQUEST) == passed("x = 1\n" * 600)


def test_answer_incomplete_or_of_another_student_is_none() -> None:
    first, *others = events(passed("x = 1\n" * 600))
    assembly = Assembly()
    for event in others:
        assembly.add(event)
    assert assembly.get("ana", REQUEST) is None
    assembly.add({**first, "userId": "ben"})
    assert assembly.get("ana", REQUEST) is None
    assert assembly.get("nobody", REQUEST) is None


@pytest.mark.parametrize("text", ["", "[]", "1", '{"exercise": "02-auth"}', "[" * 900, "{"])
def test_comment_that_is_no_answer_is_none(text: str) -> None:
    assembly = Assembly()
    assembly.add({"type": "comment", "userId": "ana", "target": f"{REQUEST} 1/1", "text": text})
    assembly.add({"type": "chat", "userId": "ana", "text": "hello"})
    assert assembly.get("ana", REQUEST) is None


def test_answer_too_long_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TooLong, match="at most 100,000"):
        pieces(passed("x" * PIECE * MOST_PIECES), REQUEST)
