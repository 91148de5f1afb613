"""Compile the benchmarks' C programs on first use, into a folder that git ignores."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import click

SOURCES = Path(__file__).parent / "c"
BUILT = Path(__file__).parent.parent / ".bench"


@cache
def program(name: str) -> str:
    """Return the path of `generator` or `ceiling`, compiled if necessary. Raises ClickException without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise click.ClickException(
            "the load generator is written in C, but gcc is not installed; install it (Debian: apt install gcc)"
        )
    built = BUILT / name
    newest = max(source.stat().st_mtime for source in SOURCES.iterdir())
    if not built.exists() or built.stat().st_mtime < newest:
        BUILT.mkdir(exist_ok=True)
        command = [compiler, "-O2", "-o", str(built), str(SOURCES / f"{name}.c")]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise click.ClickException(f"{name}.c does not compile:\n{run.stderr}")
    return str(built)
