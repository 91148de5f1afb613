"""What must hold of the repository as it would be cloned."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.package import DRAFTS

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
OURS = [path for path in TRACKED if not path.startswith(DRAFTS)]
MODULES = [path for path in OURS if path.startswith("labkit/") and path.endswith(".py") and (ROOT / path).exists()]
TEXTS = [path for path in OURS if not path.endswith((".png", ".webp", ".ico")) and (ROOT / path).exists()]
MOST_LINES = 400

# Written so that this file does not name what it forbids.
REGISTRIES = re.compile(
    r"files\.python" + r"hosted\.org|pypi" + r"\.org|registry\.npm" + r"js\.org|deb\.debi" + r"an\.org"
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(ro" + r"ot|ho" + r"me/[a-z]+|wo" + r"rk)/")


@pytest.mark.parametrize("path", MODULES)
def test_module_says_what_may_be_in_it(path: str) -> None:
    """Every module opens with a docstring and is no longer than one room."""
    text = (ROOT / path).read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    assert text.count("\n") <= MOST_LINES, f"{path} has {text.count(chr(10))} lines: split it"


def test_no_machine_and_no_registry_is_named() -> None:
    """The repository works on any machine, from any mirror."""
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in TEXTS
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if REGISTRIES.search(line) or MACHINE_PATHS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-lab.lock"])
def test_lock_holds_hashes_and_no_address(name: str) -> None:
    """Every pin of a lock has a hash, and none an address."""
    lock = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9-]+==.*?(?=^[a-z0-9-]+==|\Z)", lock, re.MULTILINE | re.DOTALL)
    assert len(pins) > 50
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert "://" not in lock


def test_readme_begins_with_the_two_commands() -> None:
    """A stranger reads `make lab` and `make test` first."""
    head = (ROOT / "README.md").read_text(encoding="utf-8")[:1500]
    assert "make lab" in head
    assert "make test" in head


def test_ci_runs_what_people_run() -> None:
    """CI runs `make test`, and nothing that `make test` does not."""
    lines = [line for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]


def test_every_top_level_folder_is_there() -> None:
    """The layout of the house."""
    for folder in ("notebooks", "labkit", "exercises", "solutions", "tests", "benchmarks"):
        assert any(path.startswith(f"{folder}/") for path in TRACKED), folder
