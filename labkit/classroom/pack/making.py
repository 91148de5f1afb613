"""Make a pack: resolve what a learner needs for each target, download the wheels once, and write one file.

uv resolves, because pip cannot do so for other systems. Interrupted downloads are resumed, and a cache keeps what was
downloaded, so that a retry or the next pack is quick. Every wheel is checked against the hash in the lock.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import Request, build_opener

from labkit.classroom.pack.own_wheel import NoWheel, name_and_version, own_wheel
from labkit.classroom.pack.reading import COURSE, FORMAT, INDEX, INSTALLER, SUMS, WHEELS
from labkit.classroom.pack.targets import Target
from labkit.course.copying import prepare
from labkit.course.paths import is_checkout, original
from labkit.platform.os_errors import describe, why

LOCK = "requirements-lab.lock"
AT_ONCE = 4
TRIES = 4
TIMEOUT_S = 60
CHUNK_BYTES = 256 * 1024
NO_SOLUTION = "No solution found"
THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same files make the same pack
Progress = Callable[[int, int], object]  # bytes so far, bytes in total


class CannotPack(Exception):
    """A pack cannot be made; the message says why and what to do."""


class Wheel(NamedTuple):
    """A wheel to download."""

    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Plan:
    """The wheels of a pack. `missing`: targets for which the packages have no wheels."""

    own: Path
    wheels: dict[str, Wheel]
    by_target: dict[Target, list[str]]
    missing: list[Target]

    @property
    def size(self) -> int:
        """The bytes to download."""
        return sum(wheel.size for wheel in self.wheels.values())


def find_uv() -> str:
    """Return the path of uv. Raises CannotPack."""
    if find_spec("packaging") is None:
        raise CannotPack("the package `packaging` is missing; install it with `pip install packaging`")
    if find_spec("uv") is not None:
        from uv import find_uv_bin

        return str(find_uv_bin())
    found = shutil.which("uv")
    if found is None:
        raise CannotPack("uv, which resolves packages for other systems, is missing; `pip install uv` installs it")
    return found


def plan(targets: Iterable[Target], folder: Path, note: Callable[[str], object] = lambda _: None) -> Plan:
    """Resolve each target. Raises CannotPack."""
    uv = find_uv()
    try:
        wheel = own_wheel(folder, uv)
    except NoWheel as error:
        raise CannotPack(_about_network(str(error))) from None
    resolver = _Resolver(uv, wheel, folder)
    wheels: dict[str, Wheel] = {}
    by_target: dict[Target, list[str]] = {}
    missing = []
    for target in targets:
        found = resolver.resolve(target)
        if found is None:
            missing.append(target)
            note(f"{target}: left out, because some packages have no wheel for it")
            continue
        note(f"{target}: {len(found)} wheels, {sum(each.size for each in found) / 1e6:.0f} MB")
        wheels.update({each.name: each for each in found})
        by_target[target] = sorted(each.name for each in found)
    if not by_target:
        raise CannotPack("there are no wheels for any of the chosen systems and versions of Python; choose others")
    return Plan(wheel, wheels, by_target, missing)


class _Resolver:
    """Runs uv for one target after another."""

    def __init__(self, uv: str, wheel: Path, folder: Path) -> None:
        self._uv, self._folder = uv, folder
        self._own = wheel.name
        name, _ = name_and_version(wheel)
        (folder / "learner.in").write_text(f"{name}[lab] @ {wheel.as_uri()}\npip\n", encoding="utf-8")

    def resolve(self, target: Target) -> list[Wheel] | None:
        """Return the wheels for a target; None if a package has none. Raises CannotPack."""
        lock = original() / LOCK if is_checkout() else None
        if lock is not None and lock.is_file():
            found = self._resolved(target, "--constraint", str(lock))
            if found is not None:
                return found
        return self._resolved(target)

    def _resolved(self, target: Target, *more: str) -> list[Wheel] | None:
        out = self._folder / "pylock.toml"
        out.unlink(missing_ok=True)
        command = [self._uv, "pip", "compile", "learner.in", "--format", "pylock.toml", "--output-file", out.name]
        command += ["--python-platform", target.machine.uv, "--python-version", target.python]
        command += ["--only-binary", ":all:", "--no-header", "--quiet", *more]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        if done.returncode and NO_SOLUTION in done.stderr:
            return None
        if done.returncode:
            raise CannotPack(_about_network(f"uv could not resolve {target}: {done.stderr.strip()[-600:]}"))
        packages = tomllib.loads(out.read_text(encoding="utf-8"))["packages"]
        chosen = [_chosen(target, package["wheels"]) for package in packages if "wheels" in package]
        return None if None in chosen else [wheel for wheel in chosen if wheel is not None]


def _chosen(target: Target, wheels: list[dict[str, Any]]) -> Wheel | None:
    named = {wheel.get("name") or unquote(urlsplit(wheel["url"]).path.rpartition("/")[2]): wheel for wheel in wheels}
    name = target.best(named)
    if name is None:
        return None
    url = named[name].get("url") or Path(named[name]["path"]).resolve().as_uri()
    return Wheel(name, url, int(named[name].get("size") or 0), named[name]["hashes"]["sha256"])


def _about_network(text: str) -> str:
    """Explain uv's error first if the network is missing."""
    signs = (
        "Failed to fetch",
        "error sending request",
        "dns error",
        "tcp connect",
        "Network connectivity",
        "timed out",
    )
    if any(sign in text for sign in signs):
        return (
            "the package index cannot be reached; connect this machine to the internet, or set HTTPS_PROXY, and retry"
        )
    return " ".join(text.split())


# Downloading


def download(wheels: Mapping[str, Wheel], cache: Path, progress: Progress = lambda there, total: None) -> None:
    """Download every wheel into the cache, and keep what was downloaded on an error. Raises CannotPack."""
    total = sum(wheel.size for wheel in wheels.values())
    done = dict.fromkeys(wheels, 0)

    def one(wheel: Wheel) -> None:
        for size in _downloaded(wheel, cache):
            done[wheel.name] = size
            progress(sum(done.values()), total)

    try:
        cache.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(one, sorted(wheels.values(), key=lambda wheel: -wheel.size)):
                pass
    except OSError as error:
        raise CannotPack(f"cannot write the cache {cache}: {why(error)}") from None


def _downloaded(wheel: Wheel, cache: Path) -> Iterator[int]:
    """Download one wheel into the cache; yield how many bytes of it are there."""
    path = cache / wheel.name
    if path.is_file() and sha256_of(path) == wheel.sha256:
        yield wheel.size
        return
    part = path.with_name(f"{path.name}.part")
    fault = ""
    for _ in range(TRIES):
        try:
            yield from _received(wheel.url, part)
        except (OSError, HTTPException) as error:
            fault = str(getattr(error, "reason", None) or error or type(error).__name__)
            continue
        if part.stat().st_size < wheel.size:
            fault = "the connection broke"
            continue
        if sha256_of(part) == wheel.sha256:
            os.replace(part, path)
            return
        part.unlink()
        fault = "its hash differs from the one in the index"
    raise CannotPack(f"could not download {wheel.name}: {fault}; run it again to continue from here")


def _received(url: str, part: Path) -> Iterator[int]:
    """Download the missing part of a file; yield its size as it grows. Raises OSError, HTTPException."""
    there = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={there}-"} if there and url.startswith("http") else {})
    with build_opener().open(request, timeout=TIMEOUT_S) as answer:
        goes_on = getattr(answer, "status", None) == 206
        there = there if goes_on else 0
        with part.open("ab" if goes_on else "wb") as file:
            while piece := answer.read(CHUNK_BYTES):
                file.write(piece)
                there += len(piece)
                yield there


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Writing


def write(planned: Plan, cache: Path, out: Path) -> None:
    """Write the pack, and leave no partial file on an error. Raises CannotPack."""
    new = out.with_name(f"{out.name}.part")
    try:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as pack:
            _fill(pack, planned, cache)
        os.replace(new, out)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise CannotPack(f"cannot write {out}: {describe(error)}") from None


def _fill(pack: zipfile.ZipFile, planned: Plan, cache: Path) -> None:
    files = {f"{WHEELS}/{name}": cache / name for name in sorted(planned.wheels)}
    files[f"{WHEELS}/{planned.own.name}"] = planned.own
    files[INSTALLER] = Path(__file__).with_name(INSTALLER)
    files[COURSE] = _course(planned.own.with_name(COURSE))
    about = {name: {"size": path.stat().st_size, "sha256": sha256_of(path)} for name, path in files.items()}
    index = json.dumps(_index(planned, about), indent=1).encode()
    sums = [f"{each['sha256']}  {name}\n" for name, each in about.items()]
    sums.append(f"{hashlib.sha256(index).hexdigest()}  {INDEX}\n")
    pack.writestr(_entry(SUMS), "".join(sums))
    pack.writestr(_entry(INDEX), index)
    for name, path in files.items():
        with path.open("rb") as file, pack.open(_entry(name), "w", force_zip64=True) as entry:
            shutil.copyfileobj(file, entry, CHUNK_BYTES)


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, THE_SAME_DAY)


def _index(planned: Plan, about: Mapping[str, Any]) -> dict[str, Any]:
    by_machine: dict[str, dict[str, list[str]]] = {}
    for target, names in planned.by_target.items():
        by_machine.setdefault(target.machine.name, {})[target.python] = [*names, planned.own.name]
    name, version = name_and_version(planned.own)
    return {
        "format": FORMAT,
        "version": version,
        "requirement": f"{name}[lab]=={version}",
        "targets": by_machine,
        "files": about,
    }


def _course(path: Path) -> Path:
    """Zip a learner's copy of the notebooks, for reading them without labkit."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as course:
        copy = Path(folder) / "course"
        prepare(original(), copy)
        for file in sorted(copy.glob("[!.]*/*")):
            name = file.relative_to(copy.parent).as_posix()
            course.writestr(_entry(name), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path
