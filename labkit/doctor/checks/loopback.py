"""Check connections within this machine: ports, loopback, and proxies that would intercept them."""

import errno
import os
import socket
import threading
from contextlib import closing, suppress
from urllib.parse import urlsplit
from urllib.request import getproxies

from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem, warning
from labkit.platform.os_errors import why
from labkit.platform.proxies import through_proxy
from labkit.platform.sockets import take_port

IPV4, IPV6 = "127.0.0.1", "::1"
NAMES = ("localhost", IPV4)
PORT = 8080  # of `labkit serve` and `labkit class start`
TIMEOUT_S = 3.0
SHORT_S = 0.5
HELLO = os.urandom(4096)
POLICY = "allow Python in the firewall or antivirus, or ask whoever manages this machine"


def listen(_: Subject) -> Diagnosis:
    """Check that a server can listen on this machine."""
    try:
        _listening(IPV4).close()
    except OSError as error:
        return problem(f"a program cannot listen on {IPV4} ({error.strerror or error})", POLICY)
    return ok(f"a server can listen on {IPV4}")


def ipv6(_: Subject) -> Diagnosis:
    """Note whether this machine has an IPv6 loopback address. Having none is not a fault."""
    try:
        _listening(IPV6).close()
    except OSError:
        return ok(f"no IPv6 on this machine ({IPV6}); labkit uses {IPV4} instead, so there is nothing to do")
    return ok(f"a server can listen on {IPV6}")


def loopback(_: Subject) -> Diagnosis:
    """Check that bytes sent to this machine arrive, which a firewall or antivirus can prevent."""
    try:
        with closing(_listening(IPV4)) as server:
            threading.Thread(target=_echo, args=(server,), daemon=True).start()
            returned = _exchange(server.getsockname())
    except OSError as error:
        return problem(f"a connection to {IPV4} fails ({error.strerror or error})", POLICY)
    if returned != HELLO:
        return problem(f"a connection to {IPV4} returns different bytes from those sent", POLICY)
    return ok(f"connections to {IPV4} work")


def port(_: Subject) -> Diagnosis:
    """Check that the default port is free."""
    try:
        if not _answers(PORT):
            _listening(IPV4, PORT).close()
            return ok(f"port {PORT} is free")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return warning(f"port {PORT} cannot be used ({why(error)})", "choose another with --port 8090")
    return warning(f"port {PORT} is in use by {_owner(PORT)}", "stop that program, or choose another with --port 8090")


def proxy(_: Subject) -> Diagnosis:
    """Check that programs do not use a proxy for connections to this machine. labkit never does."""
    proxies = {scheme: url for scheme, url in getproxies().items() if scheme in ("http", "https", "all", "socks")}
    if not proxies:
        return ok("no proxy")
    shown = ", ".join(sorted({_without_password(url) for url in proxies.values()}))
    taken = through_proxy(NAMES)
    if not taken:
        return ok(f"the proxy {shown} is not used for this machine")
    return warning(
        f"labkit connects to {' and '.join(taken)} directly, but other programs would use the proxy {shown}",
        f"set NO_PROXY={','.join([*NAMES, IPV6])}",
    )


def _listening(host: str, number: int = 0) -> socket.socket:
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        take_port(server)
        server.bind((host, number))
        server.listen()
        server.settimeout(TIMEOUT_S)
    except OSError:
        server.close()
        raise
    return server


def _echo(server: socket.socket) -> None:
    with suppress(OSError):
        peer, _ = server.accept()
        with peer:
            while received := peer.recv(len(HELLO)):
                peer.sendall(received)


def _exchange(address: tuple[str, int]) -> bytes:
    returned = b""
    with socket.create_connection(address, timeout=TIMEOUT_S) as client:
        client.sendall(HELLO)
        while len(returned) < len(HELLO) and (received := client.recv(len(HELLO))):
            returned += received
    return returned


def _answers(number: int) -> bool:
    """Return whether a server answers. On macOS, binding does not detect a server that listens on all addresses."""
    try:
        socket.create_connection((IPV4, number), timeout=SHORT_S).close()
    except OSError:
        return False
    return True


def _owner(number: int) -> str:
    """Return the program that listens on a port, if the system tells us."""
    with suppress(Exception):  # psutil may be missing, forbidden, or confused by processes that end
        import psutil

        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.pid and one.laddr and one.laddr.port == number:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    return "another program"


def _without_password(url: str) -> str:
    """Return a proxy's host and port only: its URL may have a name and a password."""
    return urlsplit(url if "//" in url else f"//{url}").netloc.rpartition("@")[2] or "without an address"
