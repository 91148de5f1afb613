"""The dashboard's table: rooms, close codes, and one row per connection, updated eight times per second."""

from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit.bench.watch import CloseCount, ConnectionRow, Snapshot
from labkit.rules.close_codes import row

HERE = Path(__file__).parent
CLOSES_SHOWN = 6
LEAST_FULL_BYTES = 64 * 1024  # a full bar is the largest buffer, and at least this


class Table(anywidget.AnyWidget):
    """The browser's half: connection_table.js and connection_table.css."""

    _esm = HERE / "connection_table.js"
    _css = HERE / "connection_table.css"
    names: Any = traitlets.List().tag(sync=True)
    rooms: Any = traitlets.Unicode("").tag(sync=True)
    closes: Any = traitlets.Unicode("no connection has closed yet").tag(sync=True)

    def show(self, seen: Snapshot, names: list[str], closes: Sequence[CloseCount]) -> None:
        """Send the changes to the browser. `names`: one for each connection in `seen`, in the same order."""
        lines = seen.connections
        rows = [[name, line.rooms] for name, line in zip(names, lines)]
        if rows != self.names:
            self.names = rows
        self.rooms = "rooms: " + (", ".join(f"{room} ({n})" for room, n in seen.rooms.items()) or "none")
        self.closes = describe_closes(closes)
        values = array("f")
        for line in lines:
            values.extend((line.round_trip_ms, line.outbox, line.kernel, line.oldest_ms, line.sent))
        self.send({"limit": max([LEAST_FULL_BYTES, *map(_held, lines)])}, buffers=[values.tobytes()])


def _held(line: ConnectionRow) -> float:
    return line.outbox + max(0.0, line.kernel)


def describe_closes(closes: Sequence[CloseCount]) -> str:
    """Describe the latest closes as text, newest first."""
    if not closes:
        return "no connection has closed yet"
    parts = []
    for closed in reversed(list(closes)[-CLOSES_SHOWN:]):
        at = datetime.fromtimestamp(closed.at, UTC).strftime("%H:%M:%S")
        parts.append(f"{at} {closed.code} {row(int(closed.code)).name} \u00d7 {closed.times}")
    return "closed: " + " \u00b7 ".join(parts)


def totals(closes: Sequence[CloseCount]) -> dict[str, int]:
    """Count the closed connections by close code."""
    counted: Counter[str] = Counter()
    for closed in closes:
        counted[closed.code] += closed.times
    return dict(counted)
