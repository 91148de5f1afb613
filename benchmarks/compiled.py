"""The parts in C, compiled when they are needed, into a folder that git ignores."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import click

SOURCES = Path(__file__).parent / "c"
BUILT = Path(__file__).parent.parent / ".bench"


@cache
def program(name: str) -> str:
    """The path of `generator` or `ceiling`. Raises ClickException without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise click.ClickException(
            "the generator of the benchmarks is in C, and there is no gcc here; install it (Debian: apt install gcc)"
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
