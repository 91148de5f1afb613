"""A proxy that serves a room server under a path of its own, as JupyterHub does, and answers nothing outside of it."""

import contextlib
import socket
import threading
from typing import Self

PREFIX = "/user/ana/proxy/8080"
NOT_HERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Prefixed:
    """`with Prefixed(port) as proxied:` the pages of the server at that port are below `proxied.url`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}{PREFIX}"
        self.outside: list[str] = []  # what was asked for beside the prefix

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(4096)
                if not piece:
                    return
                head += piece
            method, path, rest = head.split(b" ", 2)
            if not path.startswith(PREFIX.encode() + b"/"):
                self.outside.append(path.decode())
                client.sendall(NOT_HERE)
                return
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                server.sendall(b" ".join([method, path[len(PREFIX) :], rest]))
                threading.Thread(target=_copy, args=(client, server), daemon=True).start()
                _copy(server, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
