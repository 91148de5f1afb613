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
def test_blank_is_not_started(body: str) -> None:
    """What the generator leaves, and what somebody leaves who only took that away."""
    assert state(f"def answer():\n    {body}\n", "answer") == "not started"


@pytest.mark.parametrize(
    "head",
    [
        "if True:",
        "try:\n    import no_such\nexcept ImportError:",
        "match 1:\n  case 1:",
        "for _ in range(1):",
        "with c:",
    ],
)
def test_blank_below_a_condition_is_not_started(head: str) -> None:
    """A definition in an `if` or a `try` is one of the top level."""
    assert state(f"{head}\n    def answer():\n        pass\n", "answer") == "not started"


@pytest.mark.parametrize(
    "source",
    [
        "def answer():\n    return 1",
        "if True:\n    def answer():\n        return 1",
        "answer = 5",
        "def answer(",
        "def answer():\n    raise NotImplementedError('not for lists')",
        "def other():\n    pass\ndef answer():\n    return 1",
        "def answer():\n    pass\ndef answer():\n    return 1",
    ],
)
def test_answer_is_started(source: str) -> None:
    """Whatever else stands there, right or wrong."""
    assert state(source, "answer") == ""
