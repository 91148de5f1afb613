"""A drill: the server restarts on purpose, and the class sees when each client reconnects.

    note_drill(path, Drill(...))          # the server, when a drill starts
    result = read_drill(path)             # anyone, at any time afterwards
    result.arrivals, result.without       # per 100 ms: this class, and the same class without jitter

`arrivals` is measured from the `auth` rows of the audit log. `without` is simulated on a virtual clock, with the same
number of clients, the same downtime, and backoff without jitter.
"""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any, Literal

from labkit.bench.storm.run import StormPlan, StormResult, Storms, run
from labkit.wire.audit.reading import reading, rows

Kind = Literal["drain", "crash"]
BIN_S = 0.1
WITHOUT_JITTER = "exponential"


@dataclass(frozen=True)
class Drill:
    """The state at the start of a drill.

    `after`: the last audit row before it; `at`: seconds since 1970; `users`: who was online.
    """

    kind: Kind
    at: float
    after: int
    users: tuple[str, ...]
    handshakes_per_s: float | None
    down_s: float = 0.0


@dataclass(frozen=True)
class DrillResult:
    """The result of a drill so far. `back`: seconds from the drop to each user's reconnection."""

    drill: Drill
    back: dict[str, float]

    @property
    def missing(self) -> list[str]:
        """The users who have not reconnected yet."""
        return sorted(set(self.drill.users) - set(self.back))

    @property
    def arrivals(self) -> list[int]:
        """The number of reconnections in each interval of 100 ms."""
        return _bins(self.back.values())

    @cached_property
    def without(self) -> StormResult | None:
        """The same class in a simulation with backoff but without jitter, or None if the class is empty."""
        clients, drill = len(self.drill.users), self.drill
        if not clients:
            return None
        return run(
            StormPlan(
                clients=clients,
                policy=WITHOUT_JITTER,
                handshakes_per_s=drill.handshakes_per_s,
                down_s=drill.down_s,
            )
        )

    def storms(self) -> Storms:
        """Return the measured class and the simulated one, as `labkit.views.storm` draws them."""
        without = self.without
        assert without is not None
        arrivals = self.arrivals
        times, most = sorted(self.back.values()), ceil(0.99 * without.clients)
        ours = replace(
            without,
            policy="this class",
            mode="measured",
            peak_100ms=max(arrivals, default=0),
            peak_1s=max((sum(arrivals[at : at + 10]) for at in range(len(arrivals))), default=0),
            t99_s=times[most - 1] if len(times) >= most else None,
            lost=len(self.missing),
            refused=0,
            arrivals=tuple(arrivals),
        )
        return Storms((ours, replace(without, policy="without jitter")))

    def json(self) -> dict[str, Any]:
        """Return the result as JSON, for the board page."""
        drill, without = self.drill, self.without
        return {
            "kind": drill.kind,
            "at": round(1000 * drill.at),
            "downMs": round(1000 * drill.down_s),
            "students": len(drill.users),
            "back": len(self.back),
            "lastMs": round(1000 * max(self.back.values(), default=0)),
            "missing": self.missing[:20],
            "times": {user: None if user not in self.back else round(1000 * self.back[user]) for user in drill.users},
            "arrivals": self.arrivals,
            "without": list(without.arrivals) if without else [],
        }


def note_drill(path: Path, drill: Drill) -> None:
    """Store a drill in the class file, replacing the previous one."""
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as file:
        file.execute("INSERT OR REPLACE INTO class VALUES ('drill', ?)", (json.dumps(vars(drill)),))


def read_drill(path: Path) -> DrillResult | None:
    """Read the latest drill, and find which users have reconnected so far. Raises AuditError."""
    with reading(path) as connection:
        try:
            found = connection.execute("SELECT value FROM class WHERE name = 'drill'").fetchone()
        except sqlite3.OperationalError:  # the file is an audit file, but not a class file
            return None
        if found is None:
            return None
        stored = json.loads(found[0])
        drill = Drill(**stored | {"users": tuple(stored["users"])})
        back: dict[str, float] = {}
        gone: set[str] = set()
        for _, entry, _ in rows(connection, after=drill.after):
            if entry.user in drill.users and entry.kind == "close":
                gone.add(entry.user)
            elif entry.kind == "auth" and entry.user in gone:  # rows stay in order even if the clock is changed
                back.setdefault(entry.user, max(0.001, round(entry.at - drill.at, 3)))
    return DrillResult(drill, back)


def _bins(times: Iterable[float]) -> list[int]:
    places = [int(at / BIN_S) for at in times]
    return [places.count(place) for place in range(max(places, default=-1) + 1)]
