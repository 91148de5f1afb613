"""Gateways, from Linux's table or by guessing."""

import struct
from pathlib import Path

import pytest

from labkit.platform import gateways as asked


def test_gateways_are_read_from_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = f"{struct.unpack('=L', bytes([192, 168, 1, 7]))[0]:08X}"
    table = tmp_path / "route"
    table.write_text(
        f"Iface\tDestination\tGateway\tFlags\neth0\t00000000\t{gateway}\t0003\neth0\t0001A8C0\t00000000\t0001\n"
    )
    monkeypatch.setattr(asked, "ROUTES", table)
    assert asked.gateways() == ["192.168.1.7"]


@pytest.mark.parametrize("table", [None, "", "head\ntorn"])
def test_gateways_unknown_are_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str | None) -> None:
    path = tmp_path / "route"
    if table is not None:
        path.write_text(table)
    monkeypatch.setattr(asked, "ROUTES", path)
    monkeypatch.setattr(asked, "addresses", lambda: ["10.1.2.3"])
    assert asked.gateways() == ["10.1.2.1", "10.1.2.254"]
