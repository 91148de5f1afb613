"""`pip install ".[lab]"` with an old Python: one sentence, where pip would name a dependency that it cannot find."""

import runpy
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.test_repository import ROOT

INTERFACE = "hatchling.metadata.plugin.interface"


@pytest.fixture
def update(monkeypatch: pytest.MonkeyPatch):
    """The hook, as hatchling calls it; hatchling itself is only in the environment that builds."""
    module = ModuleType(INTERFACE)
    module.MetadataHookInterface = object
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, INTERFACE, module)
    return runpy.run_path(str(ROOT / "hatch_build.py"))["OldPython"]().update


@pytest.mark.parametrize("version", [(3, 9, 6), (3, 10, 13)])
def test_old_python_is_one_sentence(update, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]) -> None:
    monkeypatch.setitem(update.__globals__, "sys", SimpleNamespace(version_info=version, exit=sys.exit))
    with pytest.raises(SystemExit, match=rf"needs Python 3.11 or newer, and this is Python 3\.{version[1]}; install"):
        update({})


def test_python_that_will_do_is_accepted(update) -> None:
    update({})
