"""What to install, from a checkout's pyproject.toml or from the metadata of whatever the distribution is called."""

import tomllib
from pathlib import Path

import pytest

import labkit
from labkit.doctor.distribution import distribution, module_name

ROOT = Path(__file__).parents[2]
METADATA = """Metadata-Version: 2.4
Name: any-name
Version: 1
Requires-Python: >=3.11
Requires-Dist: click<9,>=8.1
Requires-Dist: jupyterlab<5,>=4.5; extra == 'lab'
Requires-Dist: nbgrader<1; extra == "grading"
Requires-Dist: pandas>=3; (sys_platform != 'win32') and extra == 'lab'
"""


def installed(folder: Path, patch: pytest.MonkeyPatch, module: str = "labkit.__main__") -> None:
    """An installed package instead of this checkout."""
    metadata = folder / "any_name-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA)
    (metadata / "entry_points.txt").write_text(f"[console_scripts]\nlabkit = {module}:main\n")
    patch.setattr("sys.path", [str(folder)])
    patch.setattr(labkit, "__file__", str(folder / "labkit" / "__init__.py"))


def test_checkout_is_read_from_its_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = distribution()
    assert found.install == 'pip install ".[lab]"'
    assert found.requires == [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    assert found.requires_python == project["requires-python"]


def test_installed_package_is_found_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        installed(tmp_path, patch)
        found = distribution()
    assert (found.install, found.requires_python) == ('pip install "any-name[lab]"', ">=3.11")
    assert list(map(module_name, found.requires)) == ["click", "jupyterlab", "pandas"]


def test_stranger_with_the_same_command_is_not_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        installed(tmp_path, patch, "labkit.main")
        with pytest.raises(LookupError):
            distribution()
