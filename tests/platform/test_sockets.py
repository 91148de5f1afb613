"""What the kernel holds for a peer that does not read, on each system that reports it."""

import contextlib
import socket
import sys

import pytest

from labkit.platform.sockets import kernel_bytes


def test_kernel_bytes_are_what_a_peer_has_not_taken() -> None:
    ours, theirs = socket.socketpair() if sys.platform == "win32" else _connected()
    with ours, theirs:
        ours.setblocking(False)
        assert kernel_bytes(ours) in (0, None)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(bytes(65_536))
        held = kernel_bytes(ours)
    assert held is None if sys.platform == "win32" else (held or 0) > 0
    assert kernel_bytes(ours) is None and kernel_bytes(None) is None  # closed, or never there


def _connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        return ours, listening.accept()[0]


class OnMacOS(socket.socket):
    """Answers SO_NWRITE of macOS's sys/socket.h, and nothing else."""

    def getsockopt(self, *option: int) -> int:  # type: ignore[override]
        if option != (socket.SOL_SOCKET, 0x1024):
            raise OSError(42, "Protocol not available")
        return 1234


@pytest.mark.parametrize(("system", "held"), [("darwin", 1234), ("win32", None), ("freebsd14", None)])
def test_kernel_bytes_of_other_systems(system: str, held: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.platform.sockets.sys.platform", system)
    with OnMacOS() as sock:
        assert kernel_bytes(sock) == held
