"""`environment.yml` and `pyproject.toml` say the same, and the lock satisfies both.

What stays unproved here is that conda-forge can solve it: no conda channel is asked.
"""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT, code, table

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["optional-dependencies"]
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
    lab = [line for line in EXTRAS["lab"] if "platform_machine" not in line]  # a wheel that one system lacks
    assert asked == ranges(PROJECT["dependencies"] + lab)


def test_environment_is_plain() -> None:
    """One channel, no path of a machine, one Python that the project allows, nbval as in `dev`."""
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    named = next(line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python="))
    assert re.fullmatch(r"python=3\.\d+", named), "repo2docker reads no range: it takes a Python of its own then"
    assert SpecifierSet(PROJECT["requires-python"]).contains(named.removeprefix("python=") + ".0")
    assert conda_ranges()["nbval"] == ranges(EXTRAS["dev"])["nbval"]


def pins_of(lock: str) -> dict[str, set[str]]:
    """Name to `VERSION ; CONDITION`, one for each condition."""
    found: dict[str, set[str]] = {}
    for name, pin in re.findall(
        r"^([a-z0-9-]+)==([^\\\n]+?) *\\?$", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE
    ):
        found.setdefault(name, set()).add(pin)
    return found


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", list(EXTRAS)), ("requirements-lab.lock", ["lab"])])
def test_lock_satisfies_every_range(lock: str, extras: list[str]) -> None:
    """Each requirement of the project and its extras is pinned within its range."""
    pins = pins_of(lock)
    asked = [line for extra in extras for line in EXTRAS[extra]]
    for name, spec in ranges(PROJECT["dependencies"] + asked).items():
        assert name in pins, f"{name} is not in {lock}: run `make lock`"
        versions = [pin.split(" ;")[0] for pin in pins[name]]
        assert all(spec.contains(version, prereleases=True) for version in versions), f"{name}: run `make lock`"


def test_learner_gets_versions_that_are_tested() -> None:
    """`make lab` installs a part of what `make test` does, and nothing that only other extras need."""
    everything, lab = pins_of("requirements.lock"), pins_of("requirements-lab.lock")
    assert {name: versions(pins) for name, pins in lab.items()} == {name: versions(everything[name]) for name in lab}
    assert not set(lab) & {"aiohttp", "cryptography", "nbgrader", "playwright", "pytest", "sphinx", "uvloop"}


def versions(pins: set[str]) -> set[str]:
    return {pin.split(" ;")[0] for pin in pins}


def test_table_of_extras_is_complete() -> None:
    """docs/install.md says what each extra is for."""
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert {name for row in table(page, "extra") for name in code(row[0])} == set(EXTRAS)
