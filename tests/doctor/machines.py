"""`labkit doctor` in a process of its own, on a machine that is broken for it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DOCTOR = (sys.executable, "-m", "labkit", "doctor", "--json")


class Examined:
    """What one run printed."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code = done.returncode
        self.errors = done.stderr
        report = json.loads(done.stdout)
        self.is_ok = report["ok"]
        self.checks: dict[str, dict[str, str]] = {check.pop("name"): check for check in report["checks"]}

    def sentence(self, name: str) -> str:
        """One check's status, text and what to do."""
        check = self.checks[name]
        return f"{check['status']} {check['text']}: {check['todo']}"

    @property
    def problems(self) -> list[str]:
        return [name for name, check in self.checks.items() if check["status"] == "problem"]


def examined(
    *options: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    command: tuple[str, ...] = DOCTOR,
    **more: Any,
) -> Examined:
    """Run `labkit doctor --json` in a folder, with further environment variables."""
    return Examined(
        subprocess.run(
            [*command, *options],
            env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **(environment or {})},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **more,
        )
    )


def package(folder: Path, name: str, version: str) -> dict[str, str]:
    """Put a package's metadata into a folder, and return the environment in which Python finds it first."""
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return {"PYTHONPATH": str(folder)}


def without(folder: Path, *modules: str) -> dict[str, str]:
    """Return an environment in which Python finds neither these modules nor their metadata."""
    (folder / "sitecustomize.py").write_text(f"""
import importlib.metadata, sys
LOST = {modules!r}
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LOST:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
original = importlib.metadata.Distribution.from_name.__func__
def from_name(cls, name):
    if name in LOST:
        raise importlib.metadata.PackageNotFoundError(name)
    return original(cls, name)
importlib.metadata.Distribution.from_name = classmethod(from_name)
""")
    return {"PYTHONPATH": str(folder)}
