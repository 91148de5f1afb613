"""The wheel of this labkit: built from a checkout, or reassembled from the installed files."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib.metadata import Distribution, distribution, entry_points
from pathlib import Path

from labkit.course.paths import is_checkout, original

WRITTEN_BY_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")


class NoWheel(Exception):
    """The wheel of this labkit could not be made; the message says why."""


def own() -> Distribution:
    """Return the metadata of the installed labkit, found by its command."""
    for command in entry_points(group="console_scripts", name="labkit"):
        if command.dist is not None and command.value.startswith("labkit."):
            return command.dist
    return distribution("labkit")


def own_wheel(folder: Path, uv: str) -> Path:
    """Build the wheel of this labkit in a folder. Raises NoWheel."""
    return _built(folder, uv) if is_checkout() else _packed(own(), folder)


def name_and_version(wheel: Path) -> tuple[str, str]:
    """Read both from a wheel, because the metadata of an editable installation may be older."""
    with zipfile.ZipFile(wheel) as archive:
        [path] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        about = message_from_bytes(archive.read(path))
    return str(about["Name"]), str(about["Version"])


def _built(folder: Path, uv: str) -> Path:
    command = [uv, "build", "--wheel", "--quiet", "--python", sys.executable, "--out-dir", str(folder), str(original())]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        raise NoWheel(f"this checkout's wheel could not be built: {done.stderr.strip()[-600:]}")
    return found[0]


def _packed(dist: Distribution, folder: Path) -> Path:
    """Zip the installed files with a new RECORD."""
    name = dist.metadata["Name"].replace("-", "_").lower()
    path = folder / f"{name}-{dist.version}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in dist.files or ():
            where = file.as_posix()
            if where.startswith("..") or "__pycache__" in where or where.endswith(WRITTEN_BY_INSTALLERS):
                continue
            data = Path(str(file.locate())).read_bytes()
            wheel.writestr(zipfile.ZipInfo(where), data, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{where},sha256={digest},{len(data)}\n")
        folders = [line.partition(",")[0] for line in record if ".dist-info/WHEEL," in line]
        if not folders:
            raise NoWheel("this labkit was not installed from a wheel; install it with pip, or work in a checkout")
        where = folders[0].replace("WHEEL", "RECORD")
        wheel.writestr(zipfile.ZipInfo(where), "".join([*record, f"{where},,\n"]))
    return path
