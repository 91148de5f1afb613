"""HTTP requests through a forward proxy, which opens a tunnel with CONNECT: for TLS it sees no more than the address.

A name and password for the proxy go to the proxy only, and into no error.
"""

import base64
import socket
import ssl
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from labkit.platform.proxies import BadProxy, ForwardProxy, proxy_for

DIRECT_S = 3.0  # to find out whether the address can be reached without the proxy
DEFAULT_PORTS = {"ws": 80, "wss": 443}


def route_to(url: str) -> ForwardProxy | None:
    """Return the proxy for a ws:// or wss:// address; None when it can be reached directly. Raises OSError.

    A class in the same room is reached directly, even where everything outside it needs a proxy.
    """
    try:
        proxy = proxy_for(url)
    except BadProxy as error:
        if _is_direct(url):
            return None
        raise ConnectionError(str(error)) from None
    return None if proxy is None or _is_direct(url) else proxy


def _is_direct(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]), DIRECT_S).close()
    except OSError:
        return False
    return True


def connection_to(kind: type[HTTPConnection], proxy: ForwardProxy | None, host: str, **options: Any) -> HTTPConnection:
    """Return a connection to `HOST:PORT`, through a tunnel if there is a proxy."""
    if proxy is None:
        return kind(host, **options)
    connection = kind(proxy.host, proxy.port, **options)
    connection.set_tunnel(host, headers=_login(proxy))
    return connection


def opener(proxy: ForwardProxy | None, tls: ssl.SSLContext | None) -> OpenerDirector:
    """Return what sends requests through a proxy, or directly; never through those of the environment."""
    return build_opener(ProxyHandler({}), _Plain(proxy), _Encrypted(proxy, tls))


def certificate_of(url: str, proxy: ForwardProxy | None, timeout_s: float) -> bytes:
    """Return the certificate that a server shows, as DER, whoever signed it. Raises OSError."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    parts = urlsplit(url)
    host = parts.netloc if parts.port else f"{parts.netloc}:{DEFAULT_PORTS['wss']}"
    connection = connection_to(HTTPSConnection, proxy, host, timeout=timeout_s, context=context)
    try:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        return connection.sock.getpeercert(True) or b""
    finally:
        connection.close()


class _Plain(HTTPHandler):
    def __init__(self, proxy: ForwardProxy | None) -> None:
        super().__init__()
        self._new = partial(connection_to, HTTPConnection, proxy)

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._new, request)


class _Encrypted(HTTPSHandler):
    def __init__(self, proxy: ForwardProxy | None, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        options: dict[str, Any] = {} if tls is None else {"context": tls}
        self._new = partial(connection_to, HTTPSConnection, proxy, **options)

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._new, request)


def _login(proxy: ForwardProxy) -> dict[str, str]:
    if proxy.login is None:
        return {}
    return {"Proxy-Authorization": "Basic " + base64.b64encode(":".join(proxy.login).encode()).decode()}
