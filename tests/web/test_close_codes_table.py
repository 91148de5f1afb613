"""The page's rules compared with Python's: close codes, delays, states."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from labkit.rules.backoff import STABLE_S, Backoff
from labkit.rules.close_codes import TABLE, CloseRow, Credential, Then, retry_ms, row
from labkit.wire.client.link import GIVE_UP_S
from labkit.wire.client.state import NEXT
from labkit.wire.client.unsent import MAX_UNSENT_BYTES
from tests.web.pages import answer_of

CODES = [*TABLE, 1004, 1005, 1010, 1014, 1015, 3000, 4000, 4399, 4400, 4402, 4498, 4499, 4500, 4555, 4599, 4600, 4999]
REASONS = [
    *("", "restart", "restart retry=8200", "busy retry=0", "retry=7", "retry=7 x", "xretry=7", "retry=", "retry=-5"),
    *("retry=1.5", "retry=999999999", "retry=1234567890", "retry=07", "a\tretry=3\tb", "retry=1 retry=2", "Retry=5"),
    *("retry=12x", "retry=\u0661", "busy retry=5\n", "busy  retry=5", "retry =5"),
]
LIVES = 200


class Dealt(Random):
    """Random draws from a list."""

    def __init__(self, draws: list[float]) -> None:
        super().__init__()
        self._draws = iter(draws)

    def random(self) -> float:
        return next(self._draws)


def lives() -> Iterator[dict[str, Any]]:
    """Possible lives of clients, as steps of Backoff and the draws that they use."""
    rng = Random(7)
    for _ in range(LIVES):
        steps: list[list[Any]] = []
        for _ in range(rng.randrange(1, 14)):
            close = ["delayMs", rng.choice(CODES), rng.choice(REASONS)]
            window = ["setWindow", rng.choice([0, 8, 2000, 40_000, -5, 1e12])]
            steps.append(rng.choices([close, window, ["proved"]], [8, 1, 1])[0])
        yield {"draws": [rng.random() for _ in steps], "steps": steps}


GIVEN = {"codes": CODES, "reasons": REASONS, "lives": list(lives())}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the page's modules return."""
    return answer_of(tmp_path_factory.mktemp("node"), "tables.mjs", GIVEN)


def as_javascript(one: CloseRow) -> dict[str, object]:
    """A row in the page's form, without the fields that only the page has."""
    return {
        "code": one.code,
        "name": one.name,
        "reason": one.reason,
        "when": one.when,
        "then": one.then.value,
        "wait": one.wait.value,
        "credential": one.credential.value,
    }


def without_words(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in one.items() if name != "words"} for one in rows]


def test_close_code_rows_are_equal_in_both_tables(page: Any) -> None:
    assert without_words(page["rows"]) == [as_javascript(one) for one in TABLE.values()]


def test_close_codes_unknown_are_judged_alike(page: Any) -> None:
    assert without_words(page["found"]) == [as_javascript(row(code)) for code in CODES]


def test_close_codes_have_their_own_explanations(page: Any) -> None:
    words = [one["words"] for one in page["rows"]]
    assert all(len(sentence) > 20 and sentence.endswith(".") for sentence in words)
    assert len(set(words)) == len(words)


def test_next_step_follows_from_row(page: Any) -> None:
    """The page says that it stops exactly where the table does, and names a fresh credential where one is needed."""
    for code in CODES:
        words = page["next"][str(code)]
        assert ("stops" in words) == (row(code).then is Then.STOP), code
        assert ("fresh" in words) == (row(code).credential is Credential.FRESH), code


def test_slots_in_reasons_are_parsed_alike(page: Any) -> None:
    assert dict(zip(REASONS, page["slots"], strict=True)) == {reason: retry_ms(reason) for reason in REASONS}


def delays(life: dict[str, Any]) -> list[float | None]:
    """The same life in Python, in milliseconds."""
    backoff, answers = Backoff(Dealt(life["draws"])), []
    for what, *details in life["steps"]:
        answer = {"delayMs": backoff.delay, "setWindow": backoff.told, "proved": backoff.proved}[what](*details)
        answers.append(None if answer is None else answer * 1000)
    return answers


def test_delays_are_equal_for_equal_draws(page: Any) -> None:
    for life, theirs in zip(GIVEN["lives"], page["lives"], strict=True):
        for step, our, their in zip(life["steps"], delays(life), theirs, strict=True):
            assert their == (None if our is None else pytest.approx(our, rel=1e-9, abs=1e-6)), step


def test_lives_include_stops_waits_and_slots() -> None:
    """Otherwise the comparison above would prove little."""
    mine = [delay for life in GIVEN["lives"] for delay in delays(life)]
    assert sum(delay is None for delay in mine) > LIVES
    assert sum(delay is not None and delay > 10_000 for delay in mine) > LIVES / 10
    assert 8200.0 in mine


def test_state_machines_are_equal(page: Any) -> None:
    ours = {state.value: sorted(to.value for to in targets) for state, targets in NEXT.items()}
    assert {state: sorted(targets) for state, targets in page["states"].items()} == ours
    assert sorted(page["steps"]) == sorted([state, to] for state, targets in ours.items() for to in targets)


def test_clients_have_equal_timeouts(page: Any) -> None:
    ours = {"STABLE_MS": STABLE_S * 1000, "MAX_UNSENT_BYTES": MAX_UNSENT_BYTES, "GIVE_UP_MS": GIVE_UP_S * 1000}
    assert page["constants"] == ours
