"""The layout of `labkit/faults`: one small file per fault, and only the standard library."""

import ast
import inspect
import sys
from pathlib import Path

import pytest

import labkit.faults
from labkit.faults import FAULTS, Fault

MODULES = sorted(Path(labkit.faults.__file__).parent.glob("*.py"))
MOST_LINES = 60


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_is_one_small_file_and_frozen(fault: type[Fault]) -> None:
    """At most 60 lines, one fault in each."""
    source = Path(inspect.getfile(fault)).read_text(encoding="utf-8")
    assert source.count("\n") <= MOST_LINES
    assert sum(inspect.getfile(other) == inspect.getfile(fault) for other in FAULTS.values()) == 1
    assert fault.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert getattr(labkit.faults, fault.__name__) is fault


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_faults_import_only_python_and_labkit_faults(path: Path) -> None:
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names |= {str(node.module) for node in tree if isinstance(node, ast.ImportFrom)}
    allowed = ("labkit.faults", "labkit.samples", "labkit.rules", "labkit.platform", "labkit.text", "labkit.discovery")
    assert [
        name for name in names if not name.startswith(allowed) and name.split(".")[0] not in sys.stdlib_module_names
    ] == []
