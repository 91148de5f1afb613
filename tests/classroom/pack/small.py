"""A pack for this machine only, made without a network: pip, and a package of one line in labkit's name."""

import ensurepip
import platform
import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

from labkit.classroom.pack.making import Plan, Wheel, sha256_of, write
from labkit.classroom.pack.own_wheel import own
from labkit.classroom.pack.targets import MACHINES, Target
from tests.e2e.need import missing

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
SAYS = "a small labkit"


def small_pack(folder: Path, python: str = PYTHON) -> Path:
    """Make it in a folder."""
    cache, out = folder / "cache", folder / "pack.zip"
    cache.mkdir(parents=True)
    pip = Path(shutil.copy(_pip(), cache))
    wheels = {pip.name: Wheel(pip.name, "", pip.stat().st_size, sha256_of(pip))}
    write(Plan(_tiny(folder), wheels, {Target(here(), python): [pip.name]}, []), cache, out)
    return out


def here() -> object:
    """This machine, among those that a pack may be for."""
    arch = {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
    return next(machine for machine in MACHINES if machine.name == f"{system}-{arch}")


def _pip() -> Path:
    folders = [Path(ensurepip.__file__).parent / "_bundled", sysconfig.get_config_var("WHEEL_PKG_DIR")]
    found = [wheel for folder in folders if folder for wheel in Path(folder).glob("pip-*.whl")]
    if not found:
        missing("pip's wheel (Debian: python3-pip-whl)")
    return found[0]


def _tiny(folder: Path) -> Path:
    name, version = own().metadata["Name"], own().version
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"{stem}.dist-info"
    files = {
        "tinykit.py": f"def main():\n    print({SAYS!r})\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: lab\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\nlabkit = tinykit:main\n",
    }
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for where, text in files.items():
            wheel.writestr(where, text)
        record = [*files, f"{about}/RECORD"]
        wheel.writestr(record[-1], "".join(f"{where},,\n" for where in record))
    return path
