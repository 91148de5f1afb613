"""`labkit explain`: the table of close codes."""

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.rules.close_codes import TABLE


def explain(*arguments: str) -> tuple[int, str]:
    """The exit code and the output."""
    done = CliRunner().invoke(main, ["explain", *arguments])
    return done.exit_code, done.output


def test_code_known_says_when_and_what_to_do() -> None:
    assert explain("1013") == (
        0,
        "1013 TRY_LATER: a slow consumer (slow), or too many handshakes (busy)\n"
        "  client: reconnect\n"
        "  wait: the slot in the reason (retry=MS), but at least 1 s; full jitter if there is none\n"
        "  credential: resume\n",
    )
    assert explain("4403")[1].splitlines()[1:] == ["  client: stop"]


def test_code_omitted_prints_whole_table() -> None:
    code, text = explain()
    assert code == 0
    assert [int(line[:4]) for line in text.splitlines() if line[0] != " "] == list(TABLE)


def test_code_unknown_is_explained_by_its_range() -> None:
    assert "client: stop" in explain("4477")[1] and "client: reconnect" in explain("4577")[1]


@pytest.mark.parametrize("code", ["999", "5000", "slow"])
def test_code_invalid_exits_2(code: str) -> None:
    exit_code, text = explain(code)
    assert exit_code == 2 and "Invalid value for '[CODE]'" in text


@pytest.mark.parametrize("code", [1000, 1004, 1005, 1010, 1012, 1013, 1014, 1015, 1016, 2999, 3000, 3003, 4000, 4999])
def test_every_code_has_its_own_explanation(code: int) -> None:
    exit_code, text = explain(str(code))
    assert exit_code == 0 and text.startswith(f"{code} ")
    assert "UNKNOWN" not in text and "as SLOT" not in text and "as WINDOW" not in text


def test_code_1005_is_close_frame_without_code() -> None:
    assert "1005 NO_CODE: the close frame had no code" in explain("1005")[1]
    assert "registered with IANA" in explain("3000")[1] and "for applications" in explain("4000")[1]
