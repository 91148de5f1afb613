"""What the server of a class offers under /setup, and how a machine installs from it."""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from labkit.classroom.pack.offering import PINNED, TRUSTED, routes
from labkit.classroom.pack.reading import BadPack, Pack
from tests.classroom.pack.small import SAYS, small_pack
from tests.wire.raw import Answer, ask, request, serving

FINGERPRINT = re.compile(r"fingerprint='(\w+)'")
LISTENING = re.compile(r"listening on wss?://.*:(\d+)\s*$")
PROGRAMS = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_pack(tmp_path_factory.mktemp("pack"))


# Over HTTP


async def get(url: str, path: str, method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(url, request(method, path, {"Host": "localhost", **named}))


async def test_every_file_of_the_list_arrives_with_its_checksum(pack: Path) -> None:
    async with serving(routes=routes(Pack(pack), None)) as server:
        sums = (await get(server.url, "/setup/SHA256SUMS")).body.decode().splitlines()
        assert len(sums) == 5
        for line in sums:
            sha256, name = line.split("  ")
            answer = await get(server.url, f"/setup/{name}")
            assert answer.status == 200 and hashlib.sha256(answer.body).hexdigest() == sha256
            assert answer.headers["etag"] == f'"{sha256}"'


async def test_ranges_tags_and_head(pack: Path) -> None:
    async with serving(routes=routes(Pack(pack), None)) as server:
        whole = await get(server.url, "/setup/install.py")
        size, tag = len(whole.body), whole.headers["etag"]
        for asked, got in {
            "bytes=0-": (0, size),
            "bytes=7-": (7, size),
            "bytes=5-9": (5, 10),
            "bytes=5-99999999": (5, size),
            "bytes=-4": (size - 4, size),
            "bytes=-99999999": (0, size),
        }.items():
            answer = await get(server.url, "/setup/install.py", Range=asked)
            assert (answer.status, answer.body) == (206, whole.body[slice(*got)]), asked
            assert answer.headers["content-range"] == f"bytes {got[0]}-{got[1] - 1}/{size}"
        for asked in (f"bytes={size}-", "bytes=-0"):
            answer = await get(server.url, "/setup/install.py", Range=asked)
            assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}"), asked
        for asked in ("bytes=9-5", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=x-", f"bytes={'9' * 50}-"):
            assert (await get(server.url, "/setup/install.py", Range=asked)).status == 200, asked
        assert (await get(server.url, "/setup/install.py", Range="bytes=7-", If_Range='"other"')).status == 200
        assert (await get(server.url, "/setup/install.py", Range="bytes=7-", If_Range=tag)).status == 206
        for tags in (tag, f'"x", W/{tag}', "*"):
            assert (await get(server.url, "/setup/install.py", If_None_Match=tags)).status == 304
        head = await get(server.url, "/setup/install.py", "HEAD")
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(size))


@pytest.mark.parametrize(
    "path",
    [
        "/setup/../pack.zip",
        "/setup/%2e%2e/pack.zip",
        "/setup/wheels",
        "/setup/wheels/",
        "/setup/wheels/../install.py",
        "/setup//etc/passwd",
        "/setup/pack.zip",
        "/setup/wheels\\x",
    ],
)
async def test_nothing_else_can_be_named(path: str, pack: Path) -> None:
    async with serving(routes=routes(Pack(pack), None)) as server:
        assert (await get(server.url, path)).status == 404
        assert (await get(server.url, "/setup/install.py", "POST")).status in (400, 405)


def test_pack_that_is_none_is_one_sentence(tmp_path: Path, pack: Path) -> None:
    zipped = tmp_path / "again.zip"
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    (tmp_path / "cut.zip").write_bytes(pack.read_bytes()[:-100])
    (tmp_path / "text.zip").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("pack.json", "[]")
        other.writestr("SHA256SUMS", "")
    for name in ("again.zip", "cut.zip", "text.zip", "other.zip", "none.zip", "."):
        with pytest.raises(BadPack, match=r"labkit class pack|cannot read the pack") as raised:
            Pack(tmp_path / name)
        assert "\n" not in str(raised.value)


# The command that a learner pastes


@pytest.mark.parametrize("program", [PINNED, TRUSTED])
def test_pasted_program_has_nothing_that_a_shell_would_change(program: str) -> None:
    """Between double quotes, in sh, cmd and PowerShell."""
    assert re.findall(r'["$`!%\\\n]', program) == []


class Offer(NamedTuple):
    """A class that offers a pack."""

    address: str
    fingerprint: str


@contextmanager
def offered(pack: Path, folder: Path, *options: str) -> Iterator[Offer]:
    command = [sys.executable, "-m", "labkit", "class", "start", "physics", "--file", str(folder / "class.db")]
    command += ["--port", "0", "--pack", str(pack), "--with-parent", "--quiet", "--hand-out", str(folder / "s.txt")]
    with subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        printed = ""
        while not (found := LISTENING.search(printed)):
            line = process.stdout.readline()
            assert line, printed
            printed += line
        assert "/setup" in printed
        pin = FINGERPRINT.search(printed)
        yield Offer(f"localhost:{found[1]}", pin[1] if pin else "")
        process.stdin.close()


def pasted(program: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def says(folder: Path) -> str:
    """What the installed labkit prints."""
    program = folder / "labkit-class" / "venv" / PROGRAMS / "labkit"
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.strip()


def test_one_command_installs_from_the_class_with_the_fingerprint_on_the_slip(pack: Path, tmp_path: Path) -> None:
    with offered(pack, tmp_path, "--tls") as offer:
        wrong = pasted(PINNED, offer.address, "0" * 32, folder=tmp_path / "wrong")
        assert wrong.returncode == 1 and wrong.stderr.startswith("Error: this is not the server on your slip")
        assert list((tmp_path / "wrong").iterdir()) == []
        done = pasted(PINNED, offer.address, offer.fingerprint, folder=tmp_path / "ana")
        assert done.returncode == 0, done.stderr
        assert says(tmp_path / "ana") == SAYS
        assert not (tmp_path / "ana" / "labkit-class" / "wheels").exists()
    assert "labkit lab" in done.stdout.splitlines()[-2]


def test_server_that_is_trusted_anyway_needs_no_fingerprint(pack: Path, tmp_path: Path) -> None:
    with offered(pack, tmp_path) as offer:
        done = pasted(TRUSTED, f"http://{offer.address}", folder=tmp_path / "ana")
    assert done.returncode == 0, done.stderr
    assert says(tmp_path / "ana") == SAYS


def test_unpacked_pack_installs_without_a_server(pack: Path, tmp_path: Path) -> None:
    """From a USB stick, where the network keeps machines apart."""
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path / "stick")
    command = [sys.executable, str(tmp_path / "stick" / "install.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert says(tmp_path) == SAYS


def test_pack_for_another_python_says_which(tmp_path: Path) -> None:
    with offered(small_pack(tmp_path / "other", "3.9"), tmp_path, "--tls") as offer:
        done = pasted(PINNED, offer.address, offer.fingerprint, folder=tmp_path / "ana")
    assert done.returncode == 1
    assert re.search(r"^Error: the pack does not support Python .* only Python 3\.9; install", done.stderr)


def test_file_that_changed_in_the_pack_is_not_installed(pack: Path, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.zip"
    member = next(found for name, found in Pack(pack).members.items() if name.startswith("wheels/pip"))
    content = bytearray(pack.read_bytes())
    content[member.offset + 5000] ^= 1
    spoiled.write_bytes(content)
    with offered(spoiled, tmp_path, "--tls") as offer:
        done = pasted(PINNED, offer.address, offer.fingerprint, folder=tmp_path / "ana")
    assert done.returncode == 1 and "does not match its checksum" in done.stderr
    assert not (tmp_path / "ana" / "labkit-class" / "venv").exists()


def test_download_goes_on_where_it_stopped(pack: Path, tmp_path: Path) -> None:
    found = Pack(pack)
    name, member = next((name, found) for name, found in found.members.items() if name.startswith("wheels/pip"))
    wheels = tmp_path / "ana" / "labkit-class" / "wheels"
    wheels.mkdir(parents=True)
    start = b"".join(found.pieces(member.offset, member.size // 2))
    (wheels / f"{name.rpartition('/')[2]}.part").write_bytes(start)
    asked: list[str] = []

    async def watched() -> None:
        def note(route: object) -> object:
            def noted(request: object, peer: object) -> object:
                asked.extend(request.headers.get_all("Range"))  # type: ignore[attr-defined]
                return route(request, peer)  # type: ignore[operator]

            return noted

        offers = {key: note(route) for key, route in routes(found, None).items()}
        async with serving(routes=offers) as server:
            at = f"http://localhost:{server.port}"
            done = await asyncio.to_thread(pasted, TRUSTED, at, folder=tmp_path / "ana")
            assert done.returncode == 0, done.stderr

    asyncio.run(watched())
    assert asked == [f"bytes={len(start)}-"]


def test_pack_on_an_unencrypted_network_is_refused(pack: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labkit", "class", "start", "physics", "--lan", "--pack", str(pack)]
    more = ["--file", str(tmp_path / "c.db"), "--hand-out", str(tmp_path / "s"), "--url", "ws://192.0.2.1:1"]
    done = subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "add --tls" in done.stderr
    assert json.dumps(sorted(each.name for each in tmp_path.iterdir())) == "[]"


@pytest.mark.parametrize(("program", "where"), [(PINNED, "127.0.0.1:9"), (TRUSTED, "http://127.0.0.1:9")])
def test_class_that_is_not_there_is_one_line(program: str, where: str, tmp_path: Path) -> None:
    done = pasted(program, where, "0" * 32, folder=tmp_path / "ana")
    assert done.returncode == 1 and "refused" in done.stderr.splitlines()[-1]
    assert " File " not in done.stderr
