"""What a password costs on this machine, and the process of a server that hashes one for each connection."""

import hashlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter
from urllib.parse import urlsplit

from labkit.bench.launch.python import python
from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.plain_socket import PlainSocket, text, upgrade

ROUNDS = 1000  # well below a millisecond
MEASURED_S = 1.0
AT_ONCE = 4
JOIN_TIMEOUT_S = 20.0
SALT = bytes(16)


class HashingProcess(ServerProcess):
    """One bench.storm.hashing_server. `hash_ms` and `rate` hold from its next start."""

    def __init__(self, hash_ms: float) -> None:
        super().__init__({})
        self.hash_ms = hash_ms
        self.rate = 1000 / hash_ms  # for the windows that it sends
        self.report: Callable[[int], None] = lambda _: None  # called with each count of passwords

    def command(self, port: int) -> list[str]:
        """Return the command line that starts the server."""
        options = ("--port", str(port), "--hash-ms", str(self.hash_ms), "--rate", str(self.rate))
        return python("labkit.bench.storm.hashing_server", *options)

    def printed(self, line: str) -> None:
        """Report how many passwords were hashed since the last line."""
        self.report(int(line))


def hash_password(seconds: float) -> None:
    """Keep a core busy with a password for this long, whatever the machine.

    PBKDF2 is slow on purpose, to slow down those who guess passwords, and its users choose how slow.
    """
    ends = perf_counter() + seconds
    while perf_counter() < ends:
        hashlib.pbkdf2_hmac("sha256", b"correct horse battery staple", SALT, ROUNDS)


def capacity(url: str) -> float:
    """Measure how many clients per second a server lets in when there is always one waiting, but no crowd."""
    ends = monotonic() + MEASURED_S
    with ThreadPoolExecutor(AT_ONCE) as clients:
        return sum(clients.map(lambda _: _let_in_until(ends, url), range(AT_ONCE))) / MEASURED_S


def _let_in_until(ends: float, url: str) -> int:
    count = 0
    while monotonic() < ends:
        _join(url)
        count += 1
    return count


def _join(url: str) -> None:
    plain, address = PlainSocket(), urlsplit(url)
    with socket.create_connection((address.hostname, address.port), JOIN_TIMEOUT_S) as file:
        file.sendall(upgrade(url))
        while not plain.is_open:
            plain.receive(file.recv(65_536))
        file.sendall(text({"type": "auth"}))
        while not plain.receive(file.recv(65_536)):
            pass
