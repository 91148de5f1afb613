"""How a pack is made: downloads that go on, hashes that must match, and one sentence without a network."""

import base64
import csv
import hashlib
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path

import pytest

from labkit.classroom.pack import making, own_wheel
from labkit.classroom.pack.making import CannotPack, Wheel, download
from labkit.classroom.pack.own_wheel import own

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Index(BaseHTTPRequestHandler):
    """Breaks off the first answer to each request for a whole file, and serves ranges."""

    asked: list[str | None] = []  # noqa: RUF012

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.asked.append(asked)
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - first))
        self.end_headers()
        self.wfile.write(CONTENT[first:] if asked else CONTENT[: len(CONTENT) // 3])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Index.asked.clear()
        yield f"http://127.0.0.1:{server.server_address[1]}/one-1-py3-none-any.whl"
        server.shutdown()


def test_download_that_breaks_off_goes_on_and_is_kept(url: str, tmp_path: Path) -> None:
    wheel = Wheel("one-1-py3-none-any.whl", url, len(CONTENT), SHA256)
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        download({wheel.name: wheel}, tmp_path / "cache", lambda there, total: seen.append((there, total)))
    assert Index.asked == [None, f"bytes={len(CONTENT) // 3}-"]
    assert (tmp_path / "cache" / wheel.name).read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_download_with_another_hash_is_refused(url: str, tmp_path: Path) -> None:
    wheel = Wheel("one-1-py3-none-any.whl", url, len(CONTENT), "0" * 64)
    with pytest.raises(CannotPack, match="its hash differs from the one"):
        download({wheel.name: wheel}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_download_without_network_says_so(tmp_path: Path) -> None:
    wheel = Wheel("one-1-py3-none-any.whl", "http://127.0.0.1:9/x.whl", 1, SHA256)
    with pytest.raises(CannotPack, match=r"could not download one-1-py3-none-any.whl: .*run it again"):
        download({wheel.name: wheel}, tmp_path)


def packed(*options: str, folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "labkit", "class", "pack", *options]
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **environ}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_pack_without_network_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0", "UV_NO_CONFIG": "1"}
    done = packed(folder=tmp_path, UV_CACHE_DIR=str(tmp_path / "uv"), **nowhere)
    assert done.returncode == 2, done.stdout
    assert done.stderr.splitlines()[-1].startswith("Error: the package index cannot be reached; connect")
    assert not list(tmp_path.glob("*.zip*"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--python", "3.10"], "'3.10' is not one of 3.11, 3.12"),
        (["--python", "3.11..4"], "'3.11..4' is not one of"),
        (["--python", "3.14..3.11"], "no such name"),
        (["--system", "beos"], "'beos' is not one of linux"),
        (["--system", ","], "no such name"),
        (["--out", "none/pack.zip"], "cannot write"),
    ],
)
def test_bad_option_is_one_sentence(options: list[str], told: str, tmp_path: Path) -> None:
    done = packed(*options, folder=tmp_path)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


def test_uv_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "find_spec", lambda name: None if name == "uv" else object())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotPack, match="pip install uv"):
        making.find_uv()


def test_installed_files_make_a_wheel_again(tmp_path: Path) -> None:
    """Where labkit itself was installed from a wheel, there is no checkout to build."""
    path = own_wheel._packed(distribution("click"), tmp_path)
    with zipfile.ZipFile(path) as wheel:
        [record] = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]
        rows = list(csv.reader(wheel.read(record).decode().splitlines()))
        assert {name for name, *_ in rows} == set(wheel.namelist())
        for name, digest, _ in rows[:-1]:
            there = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={there}"
        assert not [name for name in wheel.namelist() if ".." in name or "__pycache__" in name or "INSTALLER" in name]


def test_name_of_the_distribution_comes_from_its_metadata() -> None:
    assert own().entry_points.select(name="labkit", group="console_scripts")


def test_name_comes_from_the_wheel_and_not_from_an_older_installation(tmp_path: Path) -> None:
    """An editable installation keeps the name and version that it had when it was made."""
    path = tmp_path / "other_name-9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("other_name-9.9.dist-info/METADATA", "Metadata-Version: 2.1\nName: other-name\nVersion: 9.9\n")
    making.write(making.Plan(path, {}, {}, []), tmp_path, tmp_path / "pack.zip")
    with zipfile.ZipFile(tmp_path / "pack.zip") as pack:
        assert json.loads(pack.read("pack.json"))["requirement"] == "other-name[lab]==9.9"
