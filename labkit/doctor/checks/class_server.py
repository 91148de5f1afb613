"""Check the connection to the class: whether its server answers, and how far this machine's clock is off."""

import errno
import json
import re
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit

from labkit.bench.tunnel import opener
from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem
from labkit.platform.gateways import gateways
from labkit.platform.proxies import BadProxy, ForwardProxy, proxy_for

TIMEOUT_S = 3.5  # longer than a system's address lookup in its own network takes
GATEWAY_S = 1.5
GATEWAY_PORTS = (53, 80, 443)
FAR_S = 300
NEARLY = 0.95  # 23 hours and 59 minutes are a day
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
LONGEST = 100_000  # bytes of an answer
NO_NETWORK = (errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
NONE = "no class joined"
LOGIN_NEEDED = re.compile(r"Tunnel connection failed: (407|401)\b")  # tinyproxy answers a wrong password with 401
OTHER_WAY = "use a phone's hotspot, a USB tether, or a class server on the internet; see docs/classroom.md"


@dataclass(frozen=True)
class Answer:
    """A class server's answer, or the error instead of one. `ahead_s`: its clock minus ours, by the last request.

    `proxy`: why the request through the system's proxy failed as well; None without a proxy.
    """

    body: bytes = b""
    ahead_s: float | None = None
    error: Exception | None = None
    proxy: Diagnosis | None = None


def clock(subject: Subject) -> Diagnosis:
    """Compare this machine's clock with the class server's."""
    if subject.class_url is None:
        return ok(f"clock not compared: {NONE}")
    ahead = subject.once(_answer, subject.class_url).ahead_s
    if ahead is None:
        return ok("clock not compared: the class server sent no time")
    if abs(ahead) < FAR_S:
        return ok("the clock agrees with the class server's")
    which = "behind" if ahead > 0 else "ahead of"
    return problem(
        f"this machine's clock is {_span(abs(ahead))} {which} the class server's, so certificates may seem invalid",
        "set the date, the time and the time zone, or let the system set them",
    )


def class_server(subject: Subject) -> Diagnosis:
    """Check that the class server answers and, if not, find out where the connection fails."""
    if subject.class_url is None:
        return ok(NONE)
    answer = subject.once(_answer, subject.class_url)
    if answer.error is not None:
        return answer.proxy or _no_answer(subject.class_url, answer.error)
    try:
        name = json.loads(answer.body)["class"]
    except (ValueError, TypeError, KeyError):
        return problem(
            f"something other than a class answers at {subject.class_url}",
            "if the network has a login page, open a browser and log in; otherwise check the address",
        )
    return ok(f"class {name} answers")


def _no_answer(url: str, error: Exception) -> Diagnosis:
    reason = getattr(error, "reason", error)
    host, number = _address(url)
    code = getattr(reason, "errno", None)
    if isinstance(error, HTTPError):
        return problem(f"the server at {url} runs no class (HTTP {error.code})", "check the address on your slip")
    if isinstance(reason, socket.gaierror):
        return problem(
            f"the name {host} cannot be resolved", "check the address, and that you are on the right network"
        )
    if isinstance(reason, ConnectionRefusedError):
        return problem(
            f"{host} answers, but nothing listens on port {number}",
            "check the port, that the class has started, and that machine's firewall",
        )
    if code in NO_NETWORK:
        return problem(f"this machine has no network route to {host}", "connect to the class's network")
    if isinstance(reason, TimeoutError) or code in (errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.EHOSTDOWN):
        return _unreachable(host, number)
    return problem(
        f"{host} does not answer like a class ({reason})", "check that the address begins with ws:// or wss:// as given"
    )


def _unreachable(host: str, number: int) -> Diagnosis:
    """Explain a route with no machine at its end. If a gateway answers, the network itself works."""
    here = "the network itself works" if _any_gateway_answers() else "neither does the network's gateway"
    return problem(
        f"no answer from {host}, port {number}, and {here}; this Wi-Fi or a firewall may isolate its clients",
        f"join the network that the class is on; if you are on it, {OTHER_WAY}",
    )


def _any_gateway_answers() -> bool:
    """Return whether any gateway accepts or refuses a connection: both are answers."""
    places = [(gateway, number) for gateway in gateways() for number in GATEWAY_PORTS]
    if not places:
        return False
    with ThreadPoolExecutor(len(places)) as pool:
        return any(pool.map(_is_there, places))


def _is_there(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, timeout=GATEWAY_S).close()
    except OSError as error:
        return isinstance(error, ConnectionRefusedError)
    return True


def _span(seconds: float) -> str:
    """Return a time span in its largest unit."""
    unit, word = next(one for one in UNITS if seconds >= NEARLY * one[0])
    count = round(seconds / unit)
    return f"{count} {word}{'s' if count > 1 else ''}"


# Asking


def _answer(url: str) -> Answer:
    """Request the class directly and, if that fails, through the system's proxy. Sends nothing about this machine."""
    direct = _asked(url, None)
    if direct.error is None or isinstance(direct.error, HTTPError) or _refuses(direct.error):
        return direct
    try:
        proxy = proxy_for(url)
    except BadProxy as error:
        return replace(direct, proxy=problem(*str(error).split("; ", 1)))
    if proxy is None:
        return direct
    through = _asked(url, proxy)
    if through.error is None or isinstance(through.error, HTTPError):
        return through
    return replace(direct, proxy=_not_through(url, proxy, str(getattr(through.error, "reason", through.error))))


def _refuses(error: Exception) -> bool:
    """Return whether the machine itself refused the connection, so that no proxy can help."""
    return isinstance(getattr(error, "reason", error), ConnectionRefusedError)


def _not_through(url: str, proxy: ForwardProxy, reason: str) -> Diagnosis:
    """Return what a student can do if no class answers through the proxy.

    `reason`: how the request through it ended.
    """
    if LOGIN_NEEDED.search(reason):
        return problem(
            f"{url} can only be reached through the proxy {proxy}, which needs a name and a password",
            f"set HTTPS_PROXY=http://NAME:PASSWORD@{proxy}",
        )
    return problem(
        f"no class answers at {url}, neither directly nor through the proxy {proxy} ({reason})",
        "check the address, that the class has started, and that the proxy lets you reach it",
    )


def _asked(url: str, proxy: ForwardProxy | None) -> Answer:
    began = time.time()
    address = url.replace("ws", "http", 1).rstrip("/") + "/class"
    try:
        with opener(proxy, _any_certificate()).open(address, timeout=TIMEOUT_S) as answer:
            return Answer(answer.read(LONGEST), _ahead(answer.headers["Date"], began))
    except HTTPError as error:
        return Answer(ahead_s=_ahead(error.headers["Date"], began), error=error)
    except (OSError, HTTPException, ValueError) as error:
        return Answer(error=error)


def _ahead(date: str | None, began: float) -> float | None:
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp() - (began + time.time()) / 2
    except ValueError:
        return None


def _any_certificate() -> ssl.SSLContext:
    """Trust every certificate: no secret is sent, and a wrong clock would make good ones look invalid."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
