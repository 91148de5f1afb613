"""`environment.yml` and `pyproject.toml` say the same, and the lock satisfies both.

What stays unproved here is that conda-forge can solve it: no conda channel is asked.
"""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA_NAMES = {"matplotlib-base": "matplotlib"}
BEYOND = {"pip", "nbval"}  # the installer, and the one tool of `dev` that learners use


def ranges(lines: list[str]) -> dict[str, SpecifierSet]:
    """Name to range, of requirement lines."""
    parsed = [Requirement(line) for line in lines]
    return {CONDA_NAMES.get(canonicalize_name(one.name), canonicalize_name(one.name)): one.specifier for one in parsed}


def conda_ranges() -> dict[str, SpecifierSet]:
    """What environment.yml asks for, from conda and from pip."""
    plain = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str) and not line.startswith("python=")]
    pip = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
    return ranges(plain + [line for line in pip if not line.startswith("-")])


def test_environment_equals_project() -> None:
    """Every dependency and every extra of `lab` is there with the same range, and nothing else."""
    asked = {name: spec for name, spec in conda_ranges().items() if name not in BEYOND}
    assert asked == ranges(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["lab"])


def test_environment_is_plain() -> None:
    """One channel, no path of a machine, one Python that the project allows, nbval as in `dev`."""
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    named = next(line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python="))
    assert re.fullmatch(r"python=3\.\d+", named), "repo2docker reads no range: it takes a Python of its own then"
    assert SpecifierSet(PROJECT["requires-python"]).contains(named.removeprefix("python=") + ".0")
    assert conda_ranges()["nbval"] == ranges(PROJECT["optional-dependencies"]["dev"])["nbval"]


def test_lock_satisfies_every_range() -> None:
    """Each requirement of the project and its extras is pinned within its range."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", lock, re.MULTILINE):
        pins.setdefault(name, []).append(version)
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for name, spec in ranges(PROJECT["dependencies"] + extras).items():
        assert name in pins, f"{name} is not in requirements.lock: run `make lock`"
        assert all(spec.contains(version, prereleases=True) for version in pins[name]), f"{name}: run `make lock`"
