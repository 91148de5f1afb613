"""Whether an answer was begun."""

import pytest

from labkit.course.blank import state


@pytest.mark.parametrize(
    "body",
    [
        "raise NotImplementedError()",
        "raise NotImplementedError",
        "pass",
        "...",
        '"""Words."""',
        "x = 1\n    raise NotImplementedError()",
    ],
)
def test_a_blank_is_not_started(body: str) -> None:
    """What the generator leaves, and what somebody leaves who only took that away."""
    assert state(f"def answer():\n    {body}\n", "answer") == "not started"


@pytest.mark.parametrize(
    "source",
    [
        "def answer():\n    return 1",
        "answer = 5",
        "def answer(",
        "def answer():\n    raise NotImplementedError('not for lists')",
        "def other():\n    pass\ndef answer():\n    return 1",
        "def answer():\n    pass\ndef answer():\n    return 1",
    ],
)
def test_an_answer_is_started(source: str) -> None:
    """Whatever else stands there, right or wrong."""
    assert state(source, "answer") == ""
