"""`labkit ladder`: output and exit codes."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.ladder.rungs import LANGUAGES, ladder


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and the output."""
    done = CliRunner().invoke(main, ["ladder", *arguments])
    assert "Traceback" not in done.output
    return done.exit_code, done.output


def test_without_arguments_it_lists_both_ladders() -> None:
    code, output = run()
    assert code == 0
    rows = [line.split(maxsplit=2) for line in output.splitlines() if line.startswith("  ")]
    assert rows == [[one.name, one.findings[0], one.subject] for name in LANGUAGES for one in ladder(name).rungs]


def test_finding_prints_its_patches_which_apply(tmp_path: Path) -> None:
    code, output = run("--finding", "secrets/2")
    assert code == 0 and output.count("Finding: secrets/2") == 2
    code, output = run("--finding", "protocol/2")
    (tmp_path / "server.mjs").write_text(ladder("node").base)
    subprocess.run(["git", "apply"], cwd=tmp_path, input=output, text=True, check=True)
    assert (tmp_path / "server.mjs").read_text() == ladder("node").server(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--finding", "slow/11"], "did you mean"),
        (["--finding", "x"], "the patches fix"),
        (["--finding", "slow/1", "walk", "python"], "omit the command"),
        (["walk", "java"], "java"),
        (["node", "dir", "--to", "8"], "8"),
        (["python", "dir", "--to", "-1"], "-1"),
        (["python"], "DIR"),
    ],
)
def test_bad_input_exits_2_and_names_the_fault(arguments: list[str], said: str) -> None:
    code, output = run(*arguments)
    assert code == 2 and said in output


def test_server_is_written_once_and_never_over_something(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    code, output = run("python", str(folder), "--to", "3")
    assert code == 0 and "the server after 3 of 8 patches" in output
    assert (folder / "server.py").read_text() == ladder("python").server(3)
    code, output = run("python", str(folder))
    assert code == 2 and "name a new one" in output
    assert (folder / "server.py").read_text() == ladder("python").server(3)
    (tmp_path / "file").write_text("")
    code, output = run("node", str(tmp_path / "file/below"))
    assert code == 2 and "name another folder" in output


def test_walk_where_node_finds_no_package_exits_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    code, output = run("walk", "node")
    assert code == 2 and "npm install ws" in output
