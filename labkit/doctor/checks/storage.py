"""Check that files can be written where the course writes them, and that there is enough space."""

import os
import secrets
import shutil
from pathlib import Path

from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem, warning
from labkit.platform.os_errors import why

MB = 1_000_000
WRITTEN = 1 << 20
LITTLE_MB = 500
ELSEWHERE = "set LABKIT_HOME to a folder that you can write to"


def home(_: Subject) -> Diagnosis:
    """Check that the learner's records can be written."""
    folder, fault = _home()
    if folder is None:
        return problem("this user has no home folder, so results cannot be stored", fault)
    try:
        _write(_existing(folder), b"")
    except OSError as error:
        return problem(f"results cannot be stored in {folder} ({error.strerror or error})", ELSEWHERE)
    return ok(f"results are stored in {folder}")


def folder(_: Subject) -> Diagnosis:
    """Check that the current folder can be written to: notebooks are saved there."""
    try:
        here = Path.cwd()
    except OSError:
        return problem("the current folder no longer exists", "change to another one")
    try:
        _write(here, b"")
    except OSError as error:
        return problem(f"files cannot be saved in {here} ({error.strerror or error})", "change to a folder of your own")
    return ok(f"files can be saved in {here}")


def disk(_: Subject) -> Diagnosis:
    """Check the free space where results are stored. Writes a file, because only that detects a quota."""
    folder, _fault = _home()
    place = _existing(folder or Path.cwd())
    free = shutil.disk_usage(place).free // MB
    try:
        _write(place, bytes(WRITTEN))
    except OSError as error:
        if not os.access(place, os.W_OK):
            return ok(f"{free} MB free")  # `home` reports it
        return problem(f"no space in {place} ({free} MB free)", why(error).partition("; ")[2] or why(error))
    if free < LITTLE_MB:
        return warning(f"only {free} MB free in {place}", "delete something; the course needs a few hundred MB")
    return ok(f"{free} MB free")


def _home() -> tuple[Path | None, str]:
    """Return the folder of the learner's files, or None and what to do."""
    from labkit.course.progress import WAY_OUT, NoHome
    from labkit.course.progress import home as place

    try:
        return place().absolute(), ""
    except NoHome:
        return None, WAY_OUT


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists: labkit creates the rest when it is needed."""
    return next(each for each in (folder, *folder.parents) if os.path.lexists(each))


def _write(folder: Path, content: bytes) -> None:
    """Write a file and remove it. (`tempfile` retries for hours in a folder that Windows protects.)"""
    path = folder / f".labkit-doctor-{secrets.token_hex(4)}"
    try:
        path.write_bytes(content)
    finally:
        path.unlink(missing_ok=True)
