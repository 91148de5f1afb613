"""Open a pack and send its files from inside it: nothing is unpacked, and no other file can be requested."""

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from labkit.platform.os_errors import why
from labkit.wire.http.streaming import PIECE_BYTES

FORMAT = 1
SUMS, INDEX, INSTALLER, COURSE, WHEELS = "SHA256SUMS", "pack.json", "install.py", "course.zip", "wheels"
LOCAL_HEADER_BYTES = 30
AGAIN = "make one with `labkit class pack`"


class BadPack(Exception):
    """The file is not a pack or is incomplete; the message says what to do."""


class Member(NamedTuple):
    """A file in a pack: where its bytes are, and their SHA-256."""

    offset: int
    size: int
    sha256: str


class Pack:
    """A pack, open for reading."""

    def __init__(self, path: Path) -> None:
        """Raises BadPack."""
        self.path = path
        try:
            self._file: BinaryIO = path.open("rb")
            with zipfile.ZipFile(self._file) as archive:
                self.index: dict[str, Any] = json.loads(archive.read(INDEX))
                listed = archive.read(SUMS)
                if self.index["format"] != FORMAT:
                    raise BadPack(f"{path} has a different format from the one that this labkit writes; {AGAIN}")
                sums = dict(map(_sum, listed.decode("ascii").splitlines()))
                self.members = dict(self._members(archive, {**sums, SUMS: hashlib.sha256(listed).hexdigest()}))
        except OSError as error:
            raise BadPack(f"cannot read the pack {path}: {why(error)}") from None
        except (zipfile.BadZipFile, ValueError, KeyError, TypeError, NotImplementedError):
            raise BadPack(f"{path} is not a complete pack; {AGAIN}") from None
        self._reading = threading.Lock()

    @property
    def size(self) -> int:
        """The total size of its files in bytes."""
        return sum(member.size for member in self.members.values())

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        member = self.members[name]
        return b"".join(self.pieces(member.offset, member.size))

    def pieces(self, offset: int, size: int) -> Iterator[bytes]:
        """Yield a range of bytes in pieces. Raises OSError."""
        while size > 0:
            with self._reading:
                self._file.seek(offset)
                piece = self._file.read(min(size, PIECE_BYTES))
            if not piece:
                raise OSError(f"{self.path} is shorter than it was")
            offset, size = offset + len(piece), size - len(piece)
            yield piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _members(self, archive: zipfile.ZipFile, sums: dict[str, str]) -> Iterator[tuple[str, Member]]:
        for name, sha256 in sums.items():
            info = archive.getinfo(name)
            if info.compress_type != zipfile.ZIP_STORED:
                raise BadPack(f"{self.path} was compressed again, so its files cannot be sent; {AGAIN}")
            self._file.seek(info.header_offset)
            header = self._file.read(LOCAL_HEADER_BYTES)
            lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            yield name, Member(info.header_offset + LOCAL_HEADER_BYTES + lengths, info.file_size, sha256)


def _sum(line: str) -> tuple[str, str]:
    sha256, _, name = line.partition("  ")
    return name, sha256
