"""The systems and versions of Python that a pack may be for, and which wheels fit them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
GLIBC = 28  # manylinux_2_28: Debian 10, Ubuntu 20.04, RHEL 8 and later
MACOS = (13, 0)


class Machine(NamedTuple):
    """A system and its processor, as `install.py`, uv and wheels name it."""

    name: str
    uv: str
    arch: str

    @property
    def system(self) -> str:
        """linux, macos or windows."""
        return self.name.partition("-")[0]


MACHINES = (
    Machine("linux-x86_64", f"x86_64-manylinux_2_{GLIBC}", "x86_64"),
    Machine("linux-arm64", f"aarch64-manylinux_2_{GLIBC}", "aarch64"),
    Machine("macos-arm64", "aarch64-apple-darwin", "arm64"),
    Machine("macos-x86_64", "x86_64-apple-darwin", "x86_64"),
    Machine("windows-x86_64", "x86_64-pc-windows-msvc", "amd64"),
    Machine("windows-arm64", "aarch64-pc-windows-msvc", "arm64"),
)
SYSTEMS = tuple(dict.fromkeys(machine.system for machine in MACHINES))


class Target(NamedTuple):
    """A machine with a version of Python."""

    machine: Machine
    python: str

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine.name}"

    def best(self, wheels: Iterable[str]) -> str | None:
        """Return the file name of the best wheel for this target, or None."""
        from packaging.utils import parse_wheel_filename

        rank = {tag: number for number, tag in enumerate(self._tags())}
        fitting = [
            (min(rank[tag] for tag in tags), name)
            for name in wheels
            if (tags := parse_wheel_filename(name)[3] & rank.keys())
        ]
        return min(fitting)[1] if fitting else None

    def _tags(self) -> Iterator[object]:
        from packaging.tags import compatible_tags, cpython_tags

        version = tuple(map(int, self.python.split(".")))
        platforms = list(self._platforms())
        yield from cpython_tags(version, platforms=platforms)
        yield from compatible_tags(version, f"cp{''.join(self.python.split('.'))}", platforms)

    def _platforms(self) -> Iterator[str]:
        from packaging.tags import mac_platforms

        arch = self.machine.arch
        if self.machine.system == "macos":
            yield from mac_platforms(MACOS, arch)
        elif self.machine.system == "windows":
            yield f"win_{arch}"
        else:
            for minor in range(GLIBC, 4, -1):
                yield f"manylinux_2_{minor}_{arch}"
                yield from {
                    17: [f"manylinux2014_{arch}"],
                    12: [f"manylinux2010_{arch}"],
                    5: [f"manylinux1_{arch}"],
                }.get(minor, [])
            yield f"linux_{arch}"


def targets(pythons: Iterable[str], systems: Iterable[str]) -> list[Target]:
    """Return every machine of these systems with each of these versions."""
    chosen = set(systems)
    return [Target(machine, python) for python in pythons for machine in MACHINES if machine.system in chosen]
