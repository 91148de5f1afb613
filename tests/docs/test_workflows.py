"""What a hosting site reads: workflows, templates, and the version that packages carry."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import labkit
from tests.docs.pages import ROOT, blocks
from tests.e2e.need import missing

GITHUB = ROOT / ".github"
SYSTEMS = {"ubuntu", "macos", "windows"}
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


def actionlint(*files: Path) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("actionlint", path=Path(sys.executable).parent)
    if program is None:
        missing("actionlint")
    return subprocess.run([str(program), *map(str, files)], capture_output=True, text=True, check=False, cwd=ROOT)


def test_workflows_pass_actionlint() -> None:
    """Syntax, expressions, runners and inputs of actions."""
    assert WORKFLOWS
    done = actionlint(*WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, "")


def test_broken_workflow_fails_actionlint(tmp_path: Path) -> None:
    """The tool notices an expression that cannot be."""
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("matrix.os }}", "matrix.system }}"))
    assert actionlint(broken).returncode == 1


def test_workflow_runs_the_commands_of_readme() -> None:
    """Both ways in: with make on Linux and macOS, without it on Windows too; the oldest Python and the newest."""
    jobs = yaml.safe_load((GITHUB / "workflows/test.yml").read_text())["jobs"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    with_make = re.findall(r"^(make \w+) ", readme, re.MULTILINE)[:2]
    without = [line for block in blocks(readme, "text")[:1] for line in block.splitlines()]
    assert with_make == ["make lab", "make test"]
    assert without == ['pip install "realtime-labkit[lab]"', "labkit lab"]
    named = [*re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))]
    for job, commands, systems in (("make", with_make, {"ubuntu", "macos"}), ("pip", without, SYSTEMS)):
        lines = "\n".join(step.get("run", "") for step in jobs[job]["steps"])
        assert all(re.search(rf"^{re.escape(command)}(\s|$)", lines, re.MULTILINE) for command in commands)
        matrix = jobs[job]["strategy"]["matrix"]
        assert {system.removesuffix("-latest") for system in matrix["os"]} == systems
        assert {named[0], named[-1]} <= set(matrix["python"]) <= set(named)


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name)
def test_issue_template_is_a_form(path: Path) -> None:
    """A form has a name, a description and a body whose fields have labels."""
    form = yaml.safe_load(path.read_text())
    if path.name != "config.yml":
        assert {"name", "description", "body"} <= set(form)
        assert all(field["attributes"]["label"] for field in form["body"])


def test_version_has_one_source() -> None:
    """`labkit.__version__` is what the package carries, and pyproject.toml does not say it again."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    assert importlib.metadata.version("realtime-labkit") == labkit.__version__
    assert f"## {labkit.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_package_is_typed() -> None:
    """Type checkers read labkit's annotations, and pip shows what it is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert Path(labkit.__file__).with_name("py.typed").is_file()
    assert "Typing :: Typed" in project["classifiers"]
    assert project["keywords"]
