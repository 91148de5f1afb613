"""`labkit duel`: output and exit codes."""

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.duel.prompts import LANGUAGES, NAMES, Language, Name
from labkit.duel.prompts import prompt as prompt_of


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and the output."""
    done = CliRunner().invoke(main, ["duel", *arguments])
    assert "Traceback" not in done.output
    return done.exit_code, done.output


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_prompt_is_printed_as_an_assistant_receives_it(name: Name, language: Language) -> None:
    assert run("prompt", name, "--language", language) == (0, prompt_of(name, language))


@pytest.mark.parametrize("arguments", [["prompt", "poem"], ["prompt", "bare", "--language", "cobol"]])
def test_unknown_prompt_or_language_exits_2(arguments: list[str]) -> None:
    code, output = run(*arguments)
    assert code == 2 and "is not one of" in output
