"""Files that would block or never end are refused with a sentence, wherever labkit reads a file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.classroom import membership
from labkit.classroom.roster import BadRoster, read_roster
from labkit.course.progress import NoHome, Progress
from labkit.course.source import NoSource, of_file
from labkit.platform import plain_file
from labkit.wire.audit.opening import check_file
from labkit.wire.audit.schema import AuditError
from labkit.wire.keyfile import KeyFileError, load_or_create

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
HOW: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "it is a named pipe, not a file|is a folder or a device|is not a file"),
    "folder": (os.mkdir, "it is a folder, not a file|is a folder|is not a file|Is a directory"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device|is a folder or a device|is not a file"),
    "loop": (lambda path: path.symlink_to(path), "Too many levels of symbolic links|symlink"),
}
READERS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "progress.jsonl": (lambda path: Progress(path).records(), NoHome),
    "added.jsonl": (lambda path: Progress(path).add("02-auth", "pass"), NoHome),
    "class.json": (lambda path: membership.read(), NoHome),
    "answer.py": (lambda path: of_file(path, "answer"), NoSource),
    "answer.ipynb": (lambda path: of_file(path, "answer"), NoSource),
    "roster.csv": (read_roster, BadRoster),
    "room.key": (load_or_create, KeyFileError),
    "room.db": (check_file, AuditError),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOW)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_plain_file_is_refused(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a moment: a named pipe that nobody writes to would block for ever."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    make, sentence = HOW[kind]
    read, error = READERS[name]
    make(tmp_path / name)
    with pytest.raises(error, match=sentence):
        read(tmp_path / name)


def test_a_pipe_from_a_shell_is_read() -> None:
    """As in `--roster <(COMMAND)`."""
    reader, writer = os.pipe()
    os.write(writer, b"name\nAna\n")
    os.close(writer)
    assert plain_file.read_bytes(Path(f"/dev/fd/{reader}"), may_be_given=True) == b"name\nAna\n"
    os.close(reader)
