"""labkit: a lab kit for production realtime over WebSocket.

These are the names a user needs. Each loads on first use, so `import labkit` stays fast.

    serve, connect   the room server and its reconnecting client
    Limits, CloseCode   the server's limits and the close codes
    Lab, run   start a server from a notebook, and run a coroutine from any cell
    Store   the measurements
    review, Finding   find what would break a server, from the outside: `labkit.review.run(url)`
    check   check your answer to an exercise: `check("02-auth", handler)`
    load, storm   load-test a server, and measure how its clients reconnect after a crash
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses an older one, but a clone runs without pip
    _HERE = ".".join(map(str, sys.version_info[:2]))
    _TOO_OLD = f"labkit needs Python 3.11 or newer, and this is Python {_HERE}; install a newer one"
    if sys.argv[:1] != ["-m"]:
        raise ImportError(_TOO_OLD)
    sys.stderr.write(f"Error: {_TOO_OLD}\n")
    sys.exit(2)

if TYPE_CHECKING:
    from labkit import review
    from labkit.bench.launch.lab import Lab
    from labkit.bench.load.run import load
    from labkit.bench.storm.run import storm
    from labkit.course.checking import check
    from labkit.review.finding import Finding
    from labkit.rules.close_codes import CloseCode
    from labkit.rules.limits import Limits
    from labkit.samples import Store
    from labkit.wire.background import run
    from labkit.wire.client.client import connect
    from labkit.wire.server import serve

__version__ = "0.1.0"
__all__ = [
    "CloseCode",
    "Finding",
    "Lab",
    "Limits",
    "Store",
    "check",
    "connect",
    "load",
    "review",
    "run",
    "serve",
    "storm",
]

_HOMES = {
    "serve": "labkit.wire.server",
    "connect": "labkit.wire.client.client",
    "run": "labkit.wire.background",
    "Limits": "labkit.rules.limits",
    "CloseCode": "labkit.rules.close_codes",
    "Lab": "labkit.bench.launch.lab",
    "check": "labkit.classroom.checking",
    "Finding": "labkit.review.finding",
    "Store": "labkit.samples",
    "load": "labkit.bench.load.run",
    "storm": "labkit.bench.storm.run",
}

if (
    "ipykernel" in sys.modules
):  # keeps a notebook's connections to its own lab off the proxy, in every library and child process
    import_module("labkit.platform.proxies").keep_loopback_direct()


def __getattr__(name: str) -> Any:
    if name == "review":  # a package, not a name inside a module
        return import_module("labkit.review")
    if name not in _HOMES:
        raise AttributeError(f"module 'labkit' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> "list[str]":  # quoted, so that an old Python gets as far as the error above
    return [*__all__, "__version__"]
