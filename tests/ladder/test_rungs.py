"""The patches as they are shipped: real unified diffs, each with a subject and its finding."""

import subprocess
from pathlib import Path

import pytest

from labkit.ladder.rungs import LANGUAGES, Language, findings, ladder, rungs_for
from labkit.review.probes import PROBES
from tests.e2e.need import node_path

LONGEST_SUBJECT = 100
MOST_CHANGED = 20  # lines added or removed: each patch is minimal


@pytest.mark.parametrize("language", LANGUAGES)
def test_git_applies_every_patch_and_gets_the_same_server(language: Language, tmp_path: Path) -> None:
    one = ladder(language)
    server = tmp_path / one.file
    server.write_text(one.base)
    for rung in one.rungs:
        (tmp_path / rung.name).write_text(rung.text)
        subprocess.run(["git", "apply", rung.name], cwd=tmp_path, check=True, env={"GIT_CEILING_DIRECTORIES": "/"})
        assert server.read_text() == one.server(rung.number), rung.name
    assert one.server(len(one.rungs)) != one.base


@pytest.mark.parametrize("language", LANGUAGES)
def test_patch_says_what_failed_and_which_finding_it_takes(language: Language) -> None:
    one, known = ladder(language), {probe.id: probe for probe in PROBES}
    taken = [finding for rung in one.rungs for finding in rung.findings]
    assert len(taken) == len(set(taken))
    for rung in one.rungs:
        changed = [line for line in rung.text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        assert len(rung.subject) <= LONGEST_SUBJECT and ": " in rung.subject
        assert 0 < len(changed) <= MOST_CHANGED, rung.name
        assert rung.name.startswith(f"{rung.number:02}-")
        assert {known[finding].profile for finding in rung.findings} <= {"core", "article"}
    worst = [known[rung.findings[0]].severity for rung in one.rungs]
    assert worst == sorted(worst)


def test_python_server_compiles_at_every_step() -> None:
    one = ladder("python")
    for step in range(len(one.rungs) + 1):
        compile(one.server(step), f"step {step}", "exec")


def test_node_server_is_valid_at_every_step(tmp_path: Path) -> None:
    one = ladder("node")
    for step in range(len(one.rungs) + 1):
        path = tmp_path / f"{step}.mjs"
        path.write_text(one.server(step))
        subprocess.run([node_path(), "--check", path], check=True)


def test_finding_is_looked_up_in_both_ladders() -> None:
    assert [one.language for one, _ in rungs_for("slow/1")] == ["node", "python"]
    assert [rung.number for _, rung in rungs_for("protocol/7")] == [2]
    assert rungs_for("slow/99") == []
    assert {"protocol/2", "validation/4"} <= set(findings())
