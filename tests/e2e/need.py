"""What a test needs of the machine: missing, it fails in CI and is skipped with a reason on a laptop."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NODE_MODULES = ROOT / ".e2e" / "node_modules"
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(what: str) -> None:
    """End the test: it cannot say anything here."""
    reason = f"{what} is not on this machine; `make setup-e2e` installs it where it can"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def chromium_path() -> str:
    """The system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("Chromium")
    return str(path)


def node_path() -> str:
    """Node, whatever it may import."""
    path = shutil.which("node")
    if path is None:
        missing("Node")
    return str(path)


def node_module(name: str) -> Path:
    """A package for Node."""
    if not (NODE_MODULES / name).is_dir():
        missing(f"Node's package {name}")
    return NODE_MODULES / name


def not_allowed(what: str) -> None:
    """End the test: this user may not do what it needs, and no installation changes that, not even in CI."""
    pytest.skip(f"this user has no right to {what}")
