"""The proxies that a machine prescribes, in the environment or in the system's settings, and the one for an address.

Loopback never goes through one: another program would read the tokens, and no proxy can reach a server on this machine.
"""

import os
import sys
from collections.abc import Iterable, MutableMapping
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]", "127.0.0.0/8")  # libraries differ in which of these they read
EVERYTHING = "*"
DEFAULT_PORT = 80
OF_SYSTEM = {"win32": "proxy_bypass_registry", "darwin": "proxy_bypass_macosx_sysconf"}  # as urllib calls them
SCHEMES = {"wss": ("https", "all"), "ws": ("http", "https", "all")}

_found: dict[str, str] = {}  # this process's variables about proxies, before they were changed


class BadProxy(ValueError):
    """A proxy that cannot be used; the message has no name and no password."""


class ForwardProxy(NamedTuple):
    """A proxy that opens a tunnel on an HTTP CONNECT. Only `login` has its name and password."""

    host: str
    port: int
    login: tuple[str, str] | None

    def url(self) -> str:
        """Return its address, with name and password: not for a log."""
        login = "" if self.login is None else ":".join(quote(word, safe="") for word in self.login) + "@"
        return f"http://{login}{self}"

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"ForwardProxy({self})"


def keep_loopback_direct(environ: MutableMapping[str, str] = os.environ) -> None:
    """Exempt loopback from the proxies that this process and its children use. Idempotent."""
    if environ is os.environ and not _found:
        _found.update({name: value for name, value in environ.items() if name.lower().endswith("_proxy")})
    if not _has_proxies(environ):
        _adopt(environ, *_of_system())
    if not _has_proxies(environ):
        return
    for name, other in (("no_proxy", "NO_PROXY"), ("NO_PROXY", "no_proxy")):
        exempt = environ.get(name) or environ.get(other) or ""
        if exempt != EVERYTHING:
            environ[name] = ",".join([exempt, *_missing(exempt)]).strip(",")


def through_proxy(hosts: Iterable[str]) -> list[str]:
    """Return the hosts that other programs here reach through a proxy: without what `keep_loopback_direct` changes."""
    from urllib import request

    if _has_proxies(_found):
        variables = {name.lower().removesuffix("_proxy"): value for name, value in sorted(_found.items())}
        of_variables = request.proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed leaves it out
        return [host for host in hosts if not of_variables(host, variables)]
    bypass = getattr(request, OF_SYSTEM.get(sys.platform, ""), request.proxy_bypass)
    return [host for host in hosts if not bypass(host)]


def proxy_for(url: str) -> ForwardProxy | None:
    """Return the proxy that this machine prescribes for a ws:// or wss:// address. Raises BadProxy."""
    from urllib.request import getproxies, proxy_bypass

    parts, proxies = urlsplit(url), getproxies()
    if _is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    given = next((proxies[scheme] for scheme in SCHEMES.get(parts.scheme, ()) if proxies.get(scheme)), None)
    return None if given is None else _parsed(given)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")


def _parsed(given: str) -> ForwardProxy:
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host = None
    if not host:
        raise BadProxy("the proxy of this machine has no usable host and port; set HTTPS_PROXY=http://HOST:PORT")
    if parts.scheme != "http":
        raise BadProxy(
            f"the proxy {host}:{port} is given with {parts.scheme}://, which labkit cannot use; "
            f"if it also takes HTTP CONNECT, set HTTPS_PROXY=http://{host}:{port}"
        )
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return ForwardProxy(host, port, login)


def _has_proxies(environ: MutableMapping[str, str]) -> bool:
    return any(name.lower().endswith("_proxy") and name.lower() != "no_proxy" and environ[name] for name in environ)


def _missing(exempt: str) -> Iterable[str]:
    there = {each.strip().lower() for each in exempt.split(",")}
    return (name for name in LOOPBACK if name not in there)


def _adopt(environ: MutableMapping[str, str], proxies: dict[str, str], exempt: list[str]) -> None:
    """Copy the system's proxies: an exemption in the environment makes libraries ignore the system's settings."""
    environ.update({f"{scheme}_proxy": url for scheme, url in proxies.items()})
    if proxies and exempt:
        environ["no_proxy"] = ",".join(exempt)


def suffixes(patterns: Iterable[str]) -> list[str]:
    """Translate a system's exemptions, such as `*.example.org`; a pattern with another star has no equivalent."""
    bare = (pattern.strip().removeprefix("*") for pattern in patterns)
    return [each for each in bare if each and "*" not in each and not each.startswith("<")]


def _of_system() -> tuple[dict[str, str], list[str]]:
    """Return the proxies in the system's settings by scheme, and the exemptions."""
    if sys.platform not in ("win32", "darwin"):
        return {}, []
    from urllib.request import getproxies

    proxies = {scheme: url for scheme, url in getproxies().items() if scheme in ("http", "https")}
    return proxies, suffixes(_system_exemptions()) if proxies else []


def _system_exemptions() -> list[str]:
    if sys.platform == "win32":
        import winreg

        place = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as settings:
                return str(winreg.QueryValueEx(settings, "ProxyOverride")[0]).split(";")
        except OSError:
            return []
    if sys.platform == "darwin":
        from _scproxy import _get_proxy_settings  # what urllib itself reads

        return [str(each) for each in _get_proxy_settings().get("exceptions", ())]
    return []
