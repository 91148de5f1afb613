"""What a package defines is found by being there."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import discovery


class Fault:
    pass


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with a base, a fault in each of two modules, and a program."""
    home = tmp_path / "planted_here"
    home.mkdir()
    for name, text in {
        "__init__": "",
        "base": "class Base: pass",
        "b": "from planted_here.base import Base\nclass TooLate(Base): pass",
        "a": "from planted_here.b import *\nclass NoEnd(Base): pass\nNOT_ONE = 1",
        "__main__": "raise SystemExit",
    }.items():
        (home / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield "planted_here"
    for name in [name for name in sys.modules if name.startswith("planted_here")]:
        del sys.modules[name]


def test_planted_faults_are_found_once_each_and_sorted(package: str) -> None:
    """Neither the base, nor an imported fault, nor the program is a fault of its own."""
    base = discovery.modules(package)[2].Base
    assert [one.__name__ for one in discovery.modules(package)] == [f"{package}.{name}" for name in ("a", "b", "base")]
    faults = discovery.planted(package, base)
    assert list(faults) == ["no_end", "too_late"]
    assert discovery.fault_named("too_late", faults).__name__ == "TooLate"


@pytest.mark.parametrize("name", ["too_lat", None, ["too_late"]])
def test_unknown_fault_is_named_with_the_known_ones(name: object) -> None:
    with pytest.raises(KeyError, match=r"no fault named .*the faults are no_end, too_late"):
        discovery.fault_named(name, {"no_end": Fault, "too_late": Fault})
