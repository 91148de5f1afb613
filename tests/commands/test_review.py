"""`labkit review`: exit codes, output and files."""

import asyncio
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.review.probes import PROBES
from tests.ports import free_port
from tests.wire.raw import TOKEN, Process, process

TOO_MANY_ROOMS = ("--only", "rooms/13", "--set", "rooms_per_connection=3")  # broken at once: the server allows 32


async def review(server: Process, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it beside a server."""
    command = [sys.executable, "-m", "labkit", "review", server.url, *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_review_held_exits_0_and_writes_reports(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("r.json", "r.xml", "r.html")]
    async with process(tmp_path) as server:
        command = ["--only", "auth/1", "--only", "heartbeat/6", "--json", files[0], "--junit", files[1]]
        done = await review(server, *command, "--html", files[2])
    assert done.returncode == 0, done.stderr
    assert "2 held, 0 broken, 0 unknown" in done.stdout
    assert "2/2" in done.stderr
    assert json.loads(Path(files[0]).read_text())["summary"]["held"] == 2
    assert all(Path(file).stat().st_size for file in files)


async def test_review_broken_exits_1(tmp_path: Path) -> None:
    async with process(tmp_path) as server:
        done = await review(server, *TOO_MANY_ROOMS)
    assert done.returncode == 1
    assert done.stdout.startswith("Review of ws://localhost:")
    assert "Verdict: 0 dangers and 1 difference from what was promised; no danger" in done.stdout
    assert "\nbroken  P1 rooms/13" in done.stdout
    assert "fix:" in done.stdout
    assert "missing test:" in done.stdout


async def test_sarif_places_fault_at_started_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "server.py").write_text("import runpy\nrunpy.run_module('labkit', run_name='__main__')\n")
    port = free_port()
    command = [sys.executable, "-m", "labkit", "review", f"ws://localhost:{port}", *TOO_MANY_ROOMS]
    start = f"{shlex.quote(sys.executable)} app/server.py serve --port {port}"
    command += ["--start", start, "--sarif", "found.sarif"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    (run,) = json.loads(Path("found.sarif").read_text())["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "rooms/13"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/server.py"


async def test_compare_tolerates_old_faults_only(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    pong = ["--only", "heartbeat/6"]
    async with process(tmp_path) as server:
        assert (await review(server, *TOO_MANY_ROOMS, *pong, "--json", str(old))).returncode == 1
        same = await review(server, *TOO_MANY_ROOMS, *pong, "--compare", str(old))
        table = json.loads(old.read_text())
        for probe in table["probes"]:
            probe["verdict"] = {"rooms/13": "held", "heartbeat/6": "broken"}[probe["id"]]
        old.write_text(json.dumps(table))
        worse = await review(server, *TOO_MANY_ROOMS, *pong, "--compare", str(old))
        old.write_text("[]")
        no_report = await review(server, *pong, "--compare", str(old))
    assert (same.returncode, worse.returncode, no_report.returncode) == (0, 1, 2)
    assert "still broken: rooms/13" in same.stdout
    assert "worse: rooms/13; fixed: heartbeat/6" in worse.stdout
    assert "is not a report" in no_report.stderr


def test_review_impossible_exits_2(tmp_path: Path) -> None:
    for arguments in (
        ["ws://127.0.0.1:9"],
        ["ws://127.0.0.1:9", "--only", "nothing"],
        ["ws://127.0.0.1:9", "--set", "nothing=1"],
        ["ws://127.0.0.1:9", "--set", "auth_timeout_s=soon"],
        ["ws://127.0.0.1:9", "--dialect", str(tmp_path / "missing.toml")],
        ["ws://127.0.0.1:9", "--compare", str(tmp_path / "missing.json")],
        [],
    ):
        done = CliRunner().invoke(main, ["review", *arguments])
        assert done.exit_code == 2, arguments
        assert "Traceback" not in done.output


def test_list_has_every_probe_and_core_is_subset() -> None:
    full = CliRunner().invoke(main, ["review", "--list"]).output.splitlines()
    core = CliRunner().invoke(main, ["review", "--list", "--profile", "core"]).output.splitlines()
    article = CliRunner().invoke(main, ["review", "--list", "--profile", "article"]).output.splitlines()
    assert [line.split()[0] for line in full] == [probe.id for probe in PROBES]
    assert set(core) < set(article) < set(full)


async def test_budget_leaves_out_the_less_severe(tmp_path: Path) -> None:
    """What a budget leaves out is unknown and says so; a time that is none is refused."""
    async with process(tmp_path) as server:
        done = await review(server, "--only", "auth/1", "--only", "heartbeat/2", "--budget", "5s")
        bad = await review(server, "--budget", "soon")
    assert done.returncode == 0, done.stderr
    assert "The probes take about" in done.stderr
    assert "unknown heartbeat/2\n    left out: needs about 55 s, too much for a budget of 5 s" in done.stdout
    assert (bad.returncode, "'soon' is not a time; give one such as 30s or 2m" in bad.stderr) == (2, True)


async def test_conversation_is_shown_and_a_missing_word_exits_2(tmp_path: Path) -> None:
    dialect = tmp_path / "theirs.toml"
    dialect.write_text('[types]\nping = "beat"\n')
    async with process(tmp_path) as server:
        held = await review(server, "--only", "auth/1")
        lost = await review(server, "--only", "auth/1", "--dialect", str(dialect))
        learned = await review(server, "--learn")
    assert '  a -> {"type":"ping"}\n  a <- {"type":"pong"' in held.stderr
    assert lost.returncode == 2
    assert "at the step 'ping'" in lost.stderr
    assert '"beat"' in lost.stderr
    assert (learned.returncode, learned.stdout.startswith("# the server speaks labkit's protocol")) == (0, True)


async def test_summary_is_appended_and_a_task_holds_no_token(tmp_path: Path) -> None:
    summary, task = tmp_path / "summary.md", tmp_path / "task.md"
    summary.write_text("# before\n")
    async with process(tmp_path) as server:
        done = await review(server, *TOO_MANY_ROOMS, "--token", TOKEN, "--summary", str(summary), "--task", str(task))
    assert done.returncode == 1, done.stderr
    assert summary.read_text().startswith("# before\n## Review of")
    again = f'labkit review {server.url} --profile full --set rooms_per_connection=3 --token "$TOKEN" --only rooms/13'
    assert task.read_text().count(again) == 2
    assert TOKEN not in task.read_text() + summary.read_text()
