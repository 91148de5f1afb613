"""Odd messages judged as the article's JavaScript server judges them; how the table was made is told in the table."""

import msgspec
import pytest

from labkit.rules.limits import Limits
from labkit.rules.messages import InvalidMessage, Publication, decode
from tests.docs.pages import PROTOCOL
from tests.rules.odd_messages import GENERATED, ROWS, Row, Verdict


def judged(frame: str) -> Verdict:
    """Our verdict: the normalised value, or the reason of the refusal."""
    try:
        message = decode(frame.encode(), Limits().max_message_bytes)
    except InvalidMessage as refusal:
        return str(refusal)
    value: dict[str, object] = msgspec.to_builtins(message)
    return {"requestId": GENERATED} | value if isinstance(message, Publication) else value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_judges_an_odd_message(row: Row) -> None:
    """Our verdict is the article's, or the one that a sentence of docs/protocol.md demands."""
    assert judged(row.frame) == row.ours


def test_every_difference_has_its_sentence() -> None:
    """A row names a sentence of the protocol page where we differ from the article's server, and only there."""
    assert [row.title for row in ROWS if (row.article != row.ours) != bool(row.design)] == []


def test_sentence_of_a_difference_is_on_the_page() -> None:
    """Each sentence that a row names stands in docs/protocol.md, word for word."""
    page = " ".join(PROTOCOL.split())
    assert [row.design for row in ROWS if row.design not in page] == []


def test_the_table_is_large_and_without_repetitions() -> None:
    """At least 220 different messages, of which at least 220 are judged exactly as by the article's server."""
    assert len({row.frame for row in ROWS}) == len({row.title for row in ROWS}) == len(ROWS)
    assert sum(row.article == row.ours for row in ROWS) >= 220
