"""Loopback is exempt from every proxy, and the proxy of other addresses is found without telling its password."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib import request
from urllib.request import proxy_bypass_environment

import pytest

from labkit.platform import proxies
from labkit.platform.proxies import BadProxy, ForwardProxy, keep_loopback_direct, proxy_for, suffixes, through_proxy
from tests.package import modules

ROOT = Path(__file__).parents[2]
DEAD = "http://127.0.0.1:9"  # nothing listens there
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CELL = """
import {first}
import asyncio, urllib.request, websockets
import labkit

async def main():
    async with labkit.serve(port=0) as server:
        for host in ("localhost", "127.0.0.1"):
            async with websockets.connect(f"ws://{{host}}:{{server.port}}/"):
                pass
            at = f"http://{{host}}:{{server.port}}/healthz"
            print(await asyncio.to_thread(lambda: urllib.request.urlopen(at, timeout=5).read()))

asyncio.run(main())
"""


def direct(environ: dict[str, str], host: str) -> bool:
    lower = {name.lower().removesuffix("_proxy"): value for name, value in sorted(environ.items())}
    return bool(proxy_bypass_environment(host, lower))


@pytest.mark.parametrize("name", [*NAMES, *map(str.lower, NAMES), "socks_proxy"])
@pytest.mark.parametrize("exempt", [None, "", "example.org", "example.org, 10.0.0.1,", "LOCALHOST", "*", " * "])
def test_loopback_is_direct_and_the_rest_stays_as_it_was(name: str, exempt: str | None) -> None:
    environ = {name: DEAD} | ({} if exempt is None else {"NO_PROXY": exempt})
    before = direct(environ, "example.org:80"), direct(environ, "elsewhere.net:80")
    keep_loopback_direct(environ)
    keep_loopback_direct(environ)
    hosts = ("localhost", "localhost:80", "127.0.0.1", "127.0.0.1:8080", "::1:8080", "[::1]:8080", "a.localhost:1")
    assert all(direct(environ, host) for host in hosts), environ
    assert before == (direct(environ, "example.org:80"), direct(environ, "elsewhere.net:80"))
    assert environ.get("no_proxy", "").count("127.0.0.1,") <= 1


def test_two_spellings_of_the_exemption_both_keep_what_they_say() -> None:
    environ = {"https_proxy": DEAD, "no_proxy": "a.example", "NO_PROXY": "b.example"}
    keep_loopback_direct(environ)
    assert environ["no_proxy"].startswith("a.example,localhost")
    assert environ["NO_PROXY"].startswith("b.example,localhost")


def test_no_proxy_changes_nothing() -> None:
    environ = {"PATH": "/bin", "NO_PROXY": "example.org", "HTTP_PROXY": ""}
    keep_loopback_direct(environ)
    assert environ == {"PATH": "/bin", "NO_PROXY": "example.org", "HTTP_PROXY": ""}


def test_settings_of_the_system_become_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exemption alone would make every library ignore the system's proxy, also for addresses that need it."""
    system = {"https": "http://proxy.example:3128"}, ["corp.example"]
    monkeypatch.setattr("labkit.platform.proxies._of_system", lambda: system)
    environ: dict[str, str] = {}
    keep_loopback_direct(environ)
    assert environ["https_proxy"] == "http://proxy.example:3128"
    assert environ["no_proxy"].startswith("corp.example,localhost,")


@pytest.mark.parametrize("system", proxies.OF_SYSTEM)
def test_what_a_machine_sends_through_its_proxy_stays_known(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables come first; without any, the system's settings count, whatever was put into the environment."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(request, proxies.OF_SYSTEM[system], lambda host: host == "localhost", raising=False)
    monkeypatch.setattr(proxies, "_of_system", lambda: ({"http": DEAD}, []))
    monkeypatch.setattr(proxies, "_found", {})
    for name in {
        "http_proxy",
        "no_proxy",
        "NO_PROXY",
        *(name for name in os.environ if name.lower().endswith("_proxy")),
    }:
        monkeypatch.setenv(name, "")  # so that it is as it was afterwards
        monkeypatch.delenv(name)
    hosts = ("localhost", "127.0.0.1")
    keep_loopback_direct()
    assert os.environ["http_proxy"] == DEAD
    assert through_proxy(hosts) == ["127.0.0.1"]
    monkeypatch.setattr(proxies, "_found", {"HTTP_PROXY": DEAD, "NO_PROXY": "127.0.0.1"})
    assert through_proxy(hosts) == ["localhost"]


def test_system_exemptions_are_translated() -> None:
    assert suffixes(["<local>", "*.corp.example", " intranet ", "10.*", ""]) == [".corp.example", "intranet"]


# Which proxy


@pytest.mark.parametrize(
    ("given", "host", "port", "login"),
    [
        ("http://proxy.example:3128", "proxy.example", 3128, None),
        ("proxy.example:3128", "proxy.example", 3128, None),
        ("http://proxy.example", "proxy.example", 80, None),
        ("http://ana:p%40ss%3A@proxy.example:3128/", "proxy.example", 3128, ("ana", "p@ss:")),
        ("http://ana@[::1]:3128", "::1", 3128, ("ana", "")),
    ],
)
def test_proxy_is_read(
    given: str, host: str, port: int, login: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", given)
    found = proxy_for("wss://class.example:8080")
    assert found == ForwardProxy(host, port, login)
    assert "p@ss" not in f"{found} {found!r}"


@pytest.mark.parametrize(
    ("url", "exempt"),
    [
        ("wss://localhost:1", ""),
        ("ws://127.0.0.9:1", ""),
        ("ws://[::1]:1", ""),
        ("wss://class.example:1", "class.example"),
        ("wss://class.example:1", "*"),
    ],
)
def test_exempt_address_has_no_proxy(url: str, exempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", DEAD)
    monkeypatch.setenv("no_proxy", exempt)
    assert proxy_for(url) is None


@pytest.mark.parametrize("given", ["socks5://ana:secret@proxy.example:1080", "https://ana:secret@p:1", "http://:1"])
def test_unusable_proxy_is_one_sentence_without_its_password(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", given)
    with pytest.raises(BadProxy, match="set HTTPS_PROXY=http://") as raised:
        proxy_for("wss://class.example:1")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("given", ["http://[ana:secret", "http://ana:secret@p:999999", "http://ana:secret@p:x"])
def test_garbled_proxy_is_one_sentence_without_its_password(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", given)
    with pytest.raises(BadProxy) as raised:
        proxy_for("wss://class.example:1")
    assert "secret" not in str(raised.value)


# Where it is used


@pytest.mark.parametrize("first", ["ipykernel"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "SOCKS_PROXY"])
def test_any_library_in_a_notebook_reaches_the_lab_directly(name: str, first: str) -> None:
    """In a kernel, `import labkit` is enough; the dead proxy would refuse each of these connections."""
    environ = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")} | {name: DEAD}
    done = subprocess.run(
        [sys.executable, "-c", CELL.format(first=first)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.count("b'ok\\n'") == 2, done.stderr


def test_every_notebook_that_opens_a_connection_imports_labkit_first() -> None:
    """The exemption comes with that import."""
    found = 0
    for path in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("exercises/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        opens = [code.find(call) for call in ("connect(", "urlopen(", "Request(") if call in code]
        if opens:
            found += 1
            imports = [code.find(line) for line in ("import labkit", "from labkit") if line in code]
            assert imports and min(imports) < min(opens), path.name
    assert found > 10


def test_labkit_asks_no_library_for_a_proxy() -> None:
    """Each `connect` of websockets names its proxy, and nothing uses the opener that reads the environment."""
    found = 0
    for path in modules():
        text = path.read_text(encoding="utf-8")
        is_of_websockets = any(
            line in text for line in ("import connect\n", "import websockets\n", "Connection, connect")
        )
        for call in ast.walk(ast.parse(text)):
            name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            assert not name.endswith("urlopen"), path
            if is_of_websockets and name in ("connect", "websockets.connect", "_Connect"):
                assert isinstance(call, ast.Call)
                found += 1
                assert "proxy" in [keyword.arg for keyword in call.keywords], f"{path}:{call.lineno}"
    assert found >= 4
