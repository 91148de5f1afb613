"""`labkit duel`: output, files and exit codes. No agent is called: a stub writes the drafts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.duel.prompts import NAMES
from labkit.duel.table import HEAD
from tests.duel import stub_agent
from tests.duel.test_judging import agent


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit code, what it printed and the progress."""
    done = CliRunner().invoke(main, ["duel", *arguments])
    assert "Traceback" not in done.output
    return done.exit_code, done.stdout, done.stderr


def test_without_a_command_it_shows_the_recorded_drafts() -> None:
    code, output, _ = run()
    assert code == 0
    lines = output.splitlines()
    assert lines[0].split() == list(HEAD)
    assert [line.split()[:2] for line in lines[1:]] == [[one, name] for one in ("python", "node") for name in NAMES]
    assert run("table")[1] == output


def test_table_as_json_has_a_row_per_language_and_prompt() -> None:
    code, output, _ = run("table", "--json", "-")
    rows = json.loads(output)
    assert code == 0 and len(rows) == 6
    assert {row["drafts"] for row in rows} == {3}
    assert all(set(row["median"]) == {"P0", "P1", "P2"} for row in rows)


@pytest.mark.timeout(180)
def test_live_run_asks_judges_records_and_shows_the_table(tmp_path: Path) -> None:
    keep, file = tmp_path / "kept", tmp_path / "table.json"
    options = ["--prompt", "bare", "--prompt", "brief", "--budget", "3s", "--keep", str(keep), "--json", str(file)]
    code, output, progress = run("run", "--agent", agent("chat"), *options)
    assert code == 1, progress  # fields are copied, and nothing is recorded
    assert [line.split()[:4] for line in output.splitlines()[1:]] == [
        ["python", "bare", "1", "1"],
        ["python", "brief", "1", "1"],
    ]
    assert "python/bare-1: learns how it speaks" in progress
    assert [row["reviewed"] for row in json.loads(file.read_text())] == [1, 1]
    assert sorted(path.name for path in (keep / "python/brief-1").iterdir()) == [
        "agent.log",
        "draft",
        "findings.json",
        "made.json",
    ]
    assert run("table", str(keep))[1] == output


@pytest.mark.timeout(120)
def test_draft_that_does_not_start_is_a_row_and_exit_1() -> None:
    code, output, progress = run("run", "--agent", agent("broken"), "--prompt", "article")
    assert code == 1
    assert output.splitlines()[1].split()[:6] == ["python", "article", "1", "0", "-", "-"]
    assert "python/article-1: not started:" in progress


@pytest.mark.timeout(120)
def test_agent_that_writes_nothing_is_a_row() -> None:
    code, output, progress = run("run", "--agent", agent("silent"), "--prompt", "bare")
    assert code == 1
    assert output.splitlines()[1].split()[:4] == ["python", "bare", "1", "0"]
    assert "write a how.toml" in progress


@pytest.mark.timeout(120)
def test_judge_of_our_own_server_exits_0(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(stub_agent.OURS)
    code, output, progress = run("judge", str(tmp_path), "--budget", "2s")
    assert code == 0, output + progress
    assert output.splitlines()[-1].startswith("faults: 0 P0, 0 P1, 0 P2; ")


@pytest.mark.timeout(120)
def test_record_keeps_the_draft_with_its_review(tmp_path: Path) -> None:
    source, into = tmp_path / "mine", tmp_path / "drafts"
    source.mkdir()
    (source / "server.py").write_text(stub_agent.BROKEN)
    options = ["--prompt", "bare", "--by", "somebody", "--seconds", "3", "--note", "odd", "--into", str(into)]
    code, output, _ = run("record", str(source), *options)
    place = into / "python/bare-1"
    assert (code, output) == (0, f"recorded {place}\n")
    assert json.loads((place / "findings.json").read_text())["outcome"] == "not started"
    assert json.loads((place / "made.json").read_text())["note"] == "odd"
    assert run("record", str(source), *options, "--no-review")[1] == f"recorded {into / 'python/bare-2'}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--agent", "no-such-agent-here", "--prompt", "bare"], "cannot run 'no-such-agent-here'"),
        (["run", "--agent", "x", "--language", "node", "--modules", "{}"], "run `npm install ws` here"),
        (["run", "--agent", "x", "--limit", "0"], "is not a time"),
        (["run"], "--agent"),
        (["judge", "{}"], "write a how.toml"),
        (["judge", "{}", "--how", "{}/how.toml"], "cannot read"),
        (["judge", "/no/such/folder"], "does not exist"),
        (["table", "{}"], "has no drafts with a review"),
        (["record", "{}", "--prompt", "bare", "--by", "x", "--into", "{}/i", "--no-review"], "no draft to record"),
        (["prompt", "barely"], "barely"),
    ],
)
def test_what_cannot_run_exits_2_and_says_why(arguments: list[str], said: str, tmp_path: Path) -> None:
    code, _, errors = run(*(one.replace("{}", str(tmp_path)) for one in arguments))
    assert code == 2
    assert said in errors
