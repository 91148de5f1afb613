"""Install labkit without internet, from the server of a class or from an unpacked pack.

    python3 install.py 192.168.1.5:8080 FINGERPRINT     from a server whose certificate has this fingerprint
    python3 install.py https://class.example.org        from a server whose certificate this machine trusts
    python3 install.py                                  from the unpacked pack that this file is in

It downloads the wheels for this machine into the folder labkit-class, checks the SHA-256 of each, and installs them
into an environment of its own there. Run again, it continues where it stopped. It imports only the standard library,
because it needs only Python, and even an old Python must get far enough to print that it is too old.
"""

import hashlib
import http.client
import json
import os
import platform
import random
import ssl
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from typing import Any

FOLDER = "labkit-class"
INDEX = "pack.json"
FINGERPRINT_DIGITS = 32
TIMEOUT_S = 60
TRIES = 8
CHUNK_BYTES = 256 * 1024
PROCESSORS = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}


class CannotInstall(Exception):
    """Installing failed; the message is one sentence that says why and what to do."""


class Server:
    """The pack on a class's server. With a fingerprint, every connection is checked against it before it is used."""

    def __init__(self, url: str, fingerprint: str) -> None:
        self._scheme, _, rest = url.partition("://") if "://" in url else ("https", "", url)
        self._host, _, path = rest.strip("/").partition("/")
        self._prefix = "/" + path + "/setup/" if path else "/setup/"
        self._fingerprint = fingerprint.replace(":", "").lower()

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        return self._answer(name, 0).read()

    def fetch(self, name: str, path: str, size: int) -> None:
        """Download a file to `path`, resuming a partial download."""
        there = os.path.getsize(path) if os.path.exists(path) else 0
        if there >= size:
            os.remove(path)
            there = 0
        answer = self._answer(name, there)
        with open(path, "ab" if answer.status == 206 else "wb") as file:
            while True:
                piece = answer.read(CHUNK_BYTES)
                if not piece:
                    return
                file.write(piece)

    def _answer(self, name: str, there: int) -> http.client.HTTPResponse:
        connection = self._connected()
        connection.request("GET", self._prefix + name, headers={"Range": f"bytes={there}-"} if there else {})
        answer = connection.getresponse()
        if answer.status in (429, 502, 503, 504):
            raise OSError(f"the server is busy (HTTP {answer.status})")
        if answer.status not in (200, 206):
            raise CannotInstall(f"this server offers no pack (HTTP {answer.status}); ask your instructor")
        return answer

    def _connected(self) -> http.client.HTTPConnection:
        if self._scheme != "https":
            return http.client.HTTPConnection(self._host, timeout=TIMEOUT_S)
        context = ssl.create_default_context()
        if self._fingerprint:  # the class's own certificate: the fingerprint proves more than a signature
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(self._host, timeout=TIMEOUT_S, context=context)
        connection.connect()
        if self._fingerprint:
            digest = hashlib.sha256(connection.sock.getpeercert(True) or b"").hexdigest()
            if digest[:FINGERPRINT_DIGITS] != self._fingerprint:
                raise CannotInstall("this is not the server on your slip: its fingerprint differs; ask your instructor")
        return connection


class Folder:
    """An unpacked pack on this machine, such as on a USB stick."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        try:
            with open(os.path.join(self._folder, *name.split("/")), "rb") as file:
                return file.read()
        except FileNotFoundError:
            raise CannotInstall(
                f"{name} is not in {self._folder}; unpack the whole pack, or give the address of the class's server"
            ) from None

    def fetch(self, name: str, path: str, size: int) -> None:
        """Copy a file."""
        with open(path, "wb") as file:
            file.write(self.read(name))


def this_machine(index: "dict[str, Any]") -> "list[str]":
    """Return the files for this system, processor and Python."""
    system = SYSTEMS.get(sys.platform, sys.platform)
    words = sysconfig.get_platform().lower().replace("win32", "win-32bit").split("-")
    processor = platform.machine().lower() if words[-1] in ("universal2", "universal") else words[-1]
    name = system + "-" + PROCESSORS.get(processor, processor)
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    here = f"Python {python} on {name}"
    if platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise CannotInstall("this is not the usual build of Python; install the one from python.org, or your system's")
    if "musl" in str(sysconfig.get_config_var("SOABI")):
        raise CannotInstall(
            "this Linux has musl instead of glibc, which the pack does not support; use another machine"
        )
    targets = index["targets"]
    if name not in targets:
        raise CannotInstall(f"the pack does not support {name}; it is for {', '.join(sorted(targets))}")
    if python not in targets[name]:
        there = ", ".join(sorted(targets[name], key=lambda each: int(each.split(".")[1])))
        raise CannotInstall(
            f"the pack does not support {here}, only Python {there}; install one of these, and run this with it"
        )
    print(f"{here}: {len(targets[name][python])} files")
    return ["wheels/" + each for each in targets[name][python]]


def sha256_of(path: str) -> str:
    """Return a file's SHA-256 in hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(CHUNK_BYTES), b""):
            digest.update(piece)
    return digest.hexdigest()


def again(what: str, attempt: "Callable[[], Any]") -> Any:
    """Retry something that a bad network may interrupt, up to TRIES times."""
    for number in range(TRIES):
        try:
            return attempt()
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, ssl.SSLCertVerificationError):
                raise CannotInstall(
                    "this machine does not trust the server's certificate; use the command from the class's page, "
                    "which ends in the fingerprint"
                ) from None
            if number == TRIES - 1:
                raise CannotInstall(
                    f"{what} failed: {error or type(error).__name__}; check that this machine is on the class's "
                    "network, and run the same command again: it continues from here"
                ) from None
            time.sleep(min(5, 0.2 * 2**number) * (0.5 + random.random()))
    return None


def bring(source: "Server | Folder", name: str, about: "dict[str, Any]", wheels: str) -> str:
    """Download one file, unless it is there already; return its path."""
    path = os.path.join(wheels, name.rpartition("/")[2])
    if os.path.exists(path) and sha256_of(path) == about["sha256"]:
        return path
    part = path + ".part"
    spoiled: list[str] = []

    def attempt() -> None:
        source.fetch(name, part, about["size"])
        if os.path.getsize(part) < about["size"]:
            raise OSError("the download is incomplete")
        if sha256_of(part) != about["sha256"]:
            os.remove(part)
            if spoiled:
                raise CannotInstall(f"{name} does not match its checksum in the pack; ask your instructor")
            spoiled.append(name)  # the old file may have come from another pack
            raise OSError("the download does not match its checksum")
        os.replace(part, path)

    again("downloading " + name, attempt)
    return path


def download(source: "Server | Folder", names: "list[str]", files: "dict[str, Any]", wheels: str) -> None:
    """Download all files."""
    total, there = sum(files[name]["size"] for name in names), 0
    shown = time.time()
    for number, name in enumerate(names, 1):
        bring(source, name, files[name], wheels)
        there += files[name]["size"]
        if time.time() - shown > 2 or number == len(names):
            shown = time.time()
            print(f"  {number} of {len(names)} files, {there / 1e6:.0f} of {total / 1e6:.0f} MB")


def run(command: "list[str]", what: str) -> None:
    """Run a program with our settings for pip only."""
    environment = {key: value for key, value in os.environ.items() if not key.upper().startswith(("PIP_", "PYTHON"))}
    environment["PIP_CONFIG_FILE"] = os.devnull
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        words = done.stdout.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise CannotInstall(f"{what} failed: {' '.join(words) or done.returncode}")


def install(wheels: str, requirement: str, folder: str) -> str:
    """Create the environment and install into it; return the path of `labkit`."""
    environment = os.path.join(folder, "venv")
    programs = os.path.join(environment, "Scripts" if os.name == "nt" else "bin")
    python = os.path.join(programs, "python.exe" if os.name == "nt" else "python")
    run([sys.executable, "-m", "venv", "--without-pip", environment], "creating the environment")
    [pip] = [name for name in os.listdir(wheels) if name.startswith("pip-") and name.endswith(".whl")]
    command = [python, os.path.join(wheels, pip, "pip"), "install", "--no-index", "--find-links", wheels]
    options = ["--quiet", "--disable-pip-version-check", "--no-warn-script-location"]
    run([*command, *options, "pip", requirement], "installing")
    labkit = os.path.join(programs, "labkit.exe" if os.name == "nt" else "labkit")
    run([labkit, "--version"], "starting labkit")
    return labkit


def tidy(folder: str) -> None:
    """Remove the downloaded wheels, which are installed now."""
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    os.rmdir(folder)


def main(arguments: "list[str]") -> None:
    """Install, and print how to open the course."""
    begun = time.time()
    source: Any
    if arguments:
        source = Server(arguments[0], arguments[1] if len(arguments) > 1 else "")
    elif "__file__" in globals():
        source = Folder(os.path.dirname(os.path.abspath(__file__)))
    else:
        raise CannotInstall("give the address of the class's server, as its page /setup shows it")
    index = json.loads(again("reading the pack", lambda: source.read(INDEX)).decode("utf-8"))
    names = this_machine(index)
    folder = os.path.abspath(FOLDER)
    wheels = os.path.join(folder, "wheels")
    os.makedirs(wheels, exist_ok=True)
    download(source, names, index["files"], wheels)
    print(f"  every checksum matches; downloaded in {time.time() - begun:.0f} s")
    print("  installing, which takes a minute or two ...")
    labkit = install(wheels, index["requirement"], folder)
    tidy(wheels)
    shown = os.path.relpath(labkit)
    print(f"labkit {index['version']} is installed ({time.time() - begun:.0f} s in all). Open the course with:")
    print(f"\n    {shown} lab\n")


if __name__ == "__main__":
    try:
        if sys.version_info < (3, 11):  # noqa: UP036
            raise CannotInstall(
                f"this is Python {sys.version_info[0]}.{sys.version_info[1]}, and the course needs 3.11 or newer; "
                "install one, and use it to run this command"
            )
        main(sys.argv[1:])
    except (CannotInstall, OSError) as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; run the same command again; it continues from here")
