"""Every close code: one row, one reason, one action for the client. docs/protocol.md, section Close codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rules.close_codes import (
    MAX_REASON_BYTES,
    MAX_RETRY_MS,
    TABLE,
    CloseCode,
    Credential,
    Then,
    Wait,
    reason_with_retry,
    retry_ms,
    row,
)

STOP = (Then.STOP, Wait.NOTHING, Credential.NONE)
WINDOW = (Then.RECONNECT, Wait.WINDOW, Credential.RESUME)
FRESH = (Then.RECONNECT, Wait.WINDOW, Credential.FRESH)
SLOT = (Then.RECONNECT, Wait.SLOT, Credential.RESUME)
LATER = (Then.RECONNECT, Wait.SLOT_AT_LEAST_1S, Credential.RESUME)
POLICY = {
    1000: STOP,
    1001: WINDOW,
    1002: STOP,
    1003: STOP,
    1006: WINDOW,
    1007: STOP,
    1008: STOP,
    1009: STOP,
    1011: WINDOW,
    1012: SLOT,
    1013: LATER,
    4401: FRESH,
    4403: STOP,
    4408: WINDOW,
    4409: STOP,
    4410: STOP,
    4419: FRESH,
    4429: SLOT,
}


def action(code: int) -> tuple[Then, Wait, Credential]:
    """What a client does after a code."""
    ending = row(code)
    return ending.then, ending.wait, ending.credential


def test_table_of_close_codes_is_that_of_the_protocol() -> None:
    """The codes we send or understand are those of the protocol, each with its one action."""
    assert {int(code) for code in CloseCode} == set(POLICY) == set(TABLE)
    assert {code: action(code) for code in POLICY} == POLICY


@pytest.mark.parametrize("code", CloseCode)
def test_a_row_is_complete(code: CloseCode) -> None:
    """A row names its code, says when, and has a reason that fits into a close frame with the longest slot."""
    ending = row(code)
    assert (ending.code, ending.name) == (code, code.name)
    assert ending.when
    assert bool(ending.reason) is (code is not CloseCode.NO_CLOSE_FRAME)
    assert len(f"{ending.reason} retry=999999999".encode()) <= MAX_REASON_BYTES


@pytest.mark.parametrize("code", CloseCode)
def test_an_explanation_answers_the_three_questions(code: CloseCode) -> None:
    """Printed, a row says what the client does, and, when it comes back, after how long and with what."""
    text = str(row(code))
    assert text.startswith(f"{code.value} {code.name}: ")
    assert f"client: {row(code).then.value}" in text
    assert ("wait:" in text, "credential:" in text) == (row(code).then is Then.RECONNECT,) * 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [(4400, STOP), (4402, STOP), (4499, STOP), (4500, WINDOW), (4599, WINDOW), (4600, WINDOW), (4399, WINDOW)]
    + [(code, WINDOW) for code in (1004, 1005, 1010, 1014, 1015, 2999, 3000, 4000, 4999)],
)
def test_an_unknown_code_has_an_action_too(code: int, expected: tuple[Then, Wait, Credential]) -> None:
    """Unknown 44xx: yours, stop. Unknown 45xx: ours, retry. Any other: nothing is known but that it is over."""
    assert action(code) == expected
    assert str(row(code)).startswith(f"{code} UNKNOWN")


@given(st.integers(0, MAX_RETRY_MS), st.sampled_from(["busy", "restart", "rate limited", ""]))
def test_a_slot_comes_back_as_it_was_sent(slot: int, reason: str) -> None:
    """What `reason_with_retry` writes, `retry_ms` reads, and it fits."""
    text = reason_with_retry(reason, slot)
    assert retry_ms(text) == slot
    assert len(text.encode()) <= MAX_REASON_BYTES


@pytest.mark.parametrize("slot", [MAX_RETRY_MS + 1, 10**30])
def test_a_slot_too_far_away_is_the_farthest(slot: int) -> None:
    """A client reads at most nine digits; unread, the slot would be no slot."""
    assert retry_ms(reason_with_retry("busy", slot)) == MAX_RETRY_MS


def test_a_negative_slot_is_refused() -> None:
    """A bug of the caller, named."""
    with pytest.raises(ValueError, match="retry_ms must be 0 or more, got -1"):
        reason_with_retry("busy", -1)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("retry=5", 5),
        ("busy retry=8200", 8200),
        ("slow age=7.2s retry=10 x", 10),
        ("busy retry=0000000010", None),
        ("busy retry=1234567890", None),
        ("busy retry=-5", None),
        ("busy retry=1.5", None),
        ("busy retry=\u0661", None),
        ("busy retry=", None),
        ("busyretry=5", None),
        ("busy retry=5ms", None),
        ("busy Retry=5", None),
        ("busy retry=7\n", 7),
        ("", None),
    ],
)
def test_a_slot_is_read_from_any_reason(reason: str, expected: int | None) -> None:
    """Only a whole word `retry=` and up to nine digits is a slot; a foreign server's words are none."""
    assert retry_ms(reason) == expected
