"""The probes: one file a failure mode, in a folder a chapter. The chapters are the questions of a review.

auth        can a client join or chat before auth?
secrets     can secrets leak into URLs, logs or error messages?
rooms       can a client send to, or hear from, a room that is not its own?
storms      can reconnects become a storm?
heartbeat   are dead connections removed?
slow        are slow consumers handled?
audit       is there a log outside delivery?
validation  is every message judged by type, size and content?
protocol    does the server survive peers that break RFC 6455?
"""

from importlib import import_module
from pkgutil import iter_modules

from labkit.review.probe import Probe

CHAPTERS = ("auth", "secrets", "rooms", "storms", "heartbeat", "slow", "audit", "validation", "protocol")


def _load() -> tuple[Probe, ...]:
    found: list[Probe] = []
    for chapter in CHAPTERS:
        package = import_module(f"{__name__}.{chapter}")
        names = [one.name for one in iter_modules(package.__path__)]
        probes = [import_module(f"{package.__name__}.{name}").PROBE for name in names]
        found += sorted(probes, key=lambda probe: int(probe.id.partition("/")[2]))
    return tuple(found)


PROBES = _load()
