"""The files in docs/deploy do what they say: with Debian's nginx and systemd's own verifier. `make matrix` runs it."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit.bench.ask import ask, basic
from labkit.classroom.membership import Membership
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.tls import fingerprint
from tests.classroom.school import all_sent, at_work
from tests.commands.certificates import Certificate, certificate
from tests.e2e.need import ROOT, missing
from tests.e2e.schoolhouse import Schoolhouse
from tests.ports import free_port

DEPLOY = ROOT / "docs" / "deploy"
pytestmark = pytest.mark.matrix


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        missing(name)
    return str(found)


@contextmanager
def nginx(folder: Path, port: int, made: Certificate) -> Iterator[str]:
    """Debian's nginx with docs/deploy/nginx.conf, on loopback; only addresses and files are others."""
    site = (DEPLOY / "nginx.conf").read_text()
    outside = free_port()
    for pattern, ours in (
        (r"listen 443 ssl", f"listen 127.0.0.1:{outside} ssl"),
        (r"127\.0\.0\.1:8080", f"127.0.0.1:{port}"),
        (r"/etc/ssl/certs/\S+(?=;)", str(made.certfile)),
        (r"/etc/ssl/private/\S+(?=;)", str(made.keyfile)),
    ):
        site, count = re.subn(pattern, ours, site)
        assert count == 1, pattern
    temp = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = f"pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ access_log off; {temp} {site} }}"
    (folder / "nginx.conf").write_text(conf)
    command = [program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        time.sleep(1)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"wss://localhost:{outside}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_a_class_behind_nginx(tmp_path: Path) -> None:
    """Two students work through it over TLS, one with the certificate's fingerprint; a drill loses nobody."""
    (tmp_path / "proxy").mkdir()
    made = certificate(tmp_path / "proxy")
    with Schoolhouse(tmp_path, ["ana", "ben"]) as school, nginx(tmp_path / "proxy", school.port, made) as url:
        codes, tls, pin = school.codes, made.trusting, fingerprint(made.certfile)

        async def lesson() -> None:
            ana, ben = (Membership(url, name, codes[name], "physics", pin) for name in ("ana", "ben"))
            async with at_work(ana, tmp_path / "m") as one, at_work(ben, tmp_path / "m") as two:
                for sender in (one, two):
                    sender.progress.add("02-auth", "started")
                await all_sent(one, two)
                authorization = basic(INSTRUCTOR, codes[INSTRUCTOR])
                await asyncio.to_thread(ask, url, "/class/drill", authorization, b"", tls)
                for sender in (one, two):
                    sender.progress.add("02-auth", "pass")
                await all_sent(one, two)
                answer = await asyncio.to_thread(ask, url, "/class/board", authorization, None, tls)
            students = json.loads(answer)["board"]["students"]
            assert {name: row["cells"]["02-auth"]["status"] for name, row in students.items()} == {
                "ana": "pass",
                "ben": "pass",
            }

        asyncio.run(lesson())


def test_the_unit_is_what_systemd_takes(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say, and would: a wrong line is found."""
    unit = (DEPLOY / "labkit-class@.service").read_text()
    ours = unit.replace("/opt/labkit/bin/labkit", str(Path(sys.executable).parent / "labkit"))
    for text, is_fine in ((ours, True), (ours.replace("Restart=always", "Restart=perhaps"), False)):
        (tmp_path / "labkit-class@.service").write_text(text)
        command = [program("systemd-analyze"), "verify", "--man=no", str(tmp_path / "labkit-class@physics.service")]
        (tmp_path / "labkit-class@physics.service").unlink(missing_ok=True)
        (tmp_path / "labkit-class@physics.service").symlink_to(tmp_path / "labkit-class@.service")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines() if "labkit-class" in line]
        assert (said == []) is is_fine, said


def test_the_unit_starts_what_the_command_line_knows() -> None:
    """Every option in it exists."""
    unit = (DEPLOY / "labkit-class@.service").read_text().replace("\\\n", " ")
    line = re.search(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)
    assert line is not None
    helped = subprocess.run(
        [sys.executable, "-m", "labkit", "class", "start", "--help"], capture_output=True, text=True, check=True
    )
    assert set(re.findall(r"--[a-z-]+", line[1])) <= set(re.findall(r"--[a-z-]+", helped.stdout))
