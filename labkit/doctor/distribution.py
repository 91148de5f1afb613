"""Find the distribution that contains the package labkit, whatever its name, and its requirements."""

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import labkit

COMMAND = "labkit.__main__"  # the module behind the command; no other distribution has it
EXTRA = "lab"  # what a learner installs
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OF_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


class Distribution(NamedTuple):
    """The distribution to install, and its requirements. `requires`: requirements as PEP 508 writes them."""

    install: str
    requires_python: str
    requires: list[str]


def distribution() -> Distribution:
    """Return the installed distribution or, without one, the checkout. Raises LookupError."""
    project = Path(labkit.__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        return _of_checkout(tomllib.loads(project.read_text(encoding="utf-8"))["project"])
    for command in entry_points(group="console_scripts"):
        if command.module == COMMAND and command.dist is not None:
            return _installed(command.dist)
    raise LookupError("labkit is neither installed nor a checkout")


def module_name(requirement: str) -> str:
    """Return the name of the distribution that a requirement asks for."""
    found = _NAME.match(requirement)
    return found[0] if found else requirement


def _of_checkout(project: dict[str, Any]) -> Distribution:
    extra = project["optional-dependencies"][EXTRA]
    return Distribution('pip install ".[lab]"', project["requires-python"], [*project["dependencies"], *extra])


def _installed(found: Any) -> Distribution:
    requires = [line for line in found.requires or () if (_OF_EXTRA.findall(line) or [EXTRA]) == [EXTRA]]
    name = found.metadata["Name"]
    return Distribution(f'pip install "{name}[{EXTRA}]"', found.metadata["Requires-Python"] or "", requires)
