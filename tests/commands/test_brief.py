"""`labkit brief`: options and exit codes."""

import pytest
from click.testing import CliRunner

from labkit.brief.writing import brief
from labkit.cli import main


@pytest.mark.parametrize("part", ["server", "client", "schema", "all"])
def test_brief_prints_the_part_asked_for(part: str) -> None:
    done = CliRunner().invoke(main, ["brief", "--stack", "node-ws", "--for", part])
    assert (done.exit_code, done.output) == (0, brief("node-ws", part))  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [["--stack", "cobol"], ["--for", "nobody"]])
def test_unknown_choice_exits_2_and_lists_the_choices(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["brief", *arguments])
    assert done.exit_code == 2 and "is not one of" in done.output and "Traceback" not in done.output
