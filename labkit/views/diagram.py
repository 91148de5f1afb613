"""Draw a state machine from the table that the server itself uses, so that the picture cannot differ from the code.

The table has the shape of rules.session.TABLE: state -> input -> step, with the action in `step.do` and the next state
in `step.next`. Arrows into the last state run below the boxes, and all others above them.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from labkit.rules.session import TABLE
from labkit.text.html import Markup, fill, join, text

BOX_W, GAP, MARGIN, LINE = 150, 84, 16, 13
MANY = 2
STYLE = (
    "text{font:11px sans-serif;fill:#1f2937;text-anchor:middle}text.state{font:bold 13px sans-serif}"
    "rect.box{fill:#eff6ff;stroke:#2563eb;stroke-width:1.5}path.move{fill:none;stroke:#6b7280;stroke-width:1.3}"
)
ARROW = (
    '<defs><marker id="labkit-end" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">'
    '<path d="M0,0 L7,3 L0,6 z" fill="#6b7280"/></marker></defs>'
)
Table = Mapping[Any, Mapping[Any, Any]]
Edge = tuple[Any, Any]


class Diagram:
    """A table drawn as SVG. Its text has the same content."""

    def __init__(self, table: Table) -> None:
        self._states = list(table)
        self._steps: dict[Edge, dict[Any, list[str]]] = defaultdict(lambda: defaultdict(list))
        for state, steps in table.items():
            for given, step in steps.items():
                if step.next != state or step.do.value != "nothing":
                    self._steps[state, step.next][step.do].append(given.value)
        self._moves = [edge for edge in self._steps if edge[0] != edge[1]]
        self._box_h = 36 + LINE * max(len(self._stays(state)) for state in self._states)
        self._top = MARGIN + max((self._rise(edge) for edge in self._moves if not self._is_below(edge)), default=0)

    def _repr_svg_(self) -> str:
        width = 2 * MARGIN + len(self._states) * (BOX_W + GAP) - GAP
        height = self._top + self._box_h + MARGIN + max((self._rise(edge) for edge in self._moves), default=0)
        parts = [*map(self._arrow, self._moves), *map(self._box, self._states)]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
            f'style="max-width:100%;height:auto">'
            f"<title>{text(repr(self))}</title><style>{STYLE}</style>{ARROW}"
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
        )

    def __repr__(self) -> str:
        """Describe every transition: from, to, the inputs, and the action."""
        return "\n".join(
            f"{start.value} -> {end.value}: {', '.join(given)} ({do.value})"
            for (start, end), steps in self._steps.items()
            for do, given in steps.items()
        )

    def _words(self, edge: Edge) -> list[str]:
        """Return the text on an arrow: one line for all inputs with the same action."""
        steps = self._steps.get(edge, {})
        return [_few(given) + (f": {do.value}" if len(given) > MANY else "") for do, given in steps.items()]

    def _stays(self, state: Any) -> list[str]:
        return [_few(given) for given in self._steps.get((state, state), {}).values()]

    def _is_below(self, edge: Edge) -> bool:
        return bool(edge[1] == self._states[-1])

    def _rise(self, edge: Edge) -> int:
        """Return how far an arrow and its text rise from the boxes: the longer the arrow, the further."""
        distance = self._states.index(edge[1]) - self._states.index(edge[0])
        return 26 + 44 * (abs(distance) - 1) + LINE * len(self._words(edge))

    def _left(self, state: Any) -> int:
        return MARGIN + self._states.index(state) * (BOX_W + GAP)

    def _arrow(self, edge: Edge) -> Markup:
        start, end = self._left(edge[0]) + BOX_W * 2 // 3, self._left(edge[1]) + BOX_W // 3
        below = self._is_below(edge)
        foot, sign = (self._top + self._box_h, 1) if below else (self._top, -1)
        words = self._words(edge)
        # A curve reaches three quarters of the way to its control points.
        reach = self._rise(edge) - LINE * len(words)
        control = foot + sign * reach * 4 // 3
        first = foot + reach + LINE if below else foot - reach - 4 - LINE * (len(words) - 1)
        path = f"M{start},{foot} C{start},{control} {end},{control} {end},{foot}"
        drawn = '<path class="move" d="{}" marker-end="url(#labkit-end)"/>{}'
        return fill(drawn, path, _text(words, (start + end) // 2, first))

    def _box(self, state: Any) -> Markup:
        left, middle = self._left(state), self._left(state) + BOX_W // 2
        return fill(
            '<rect class="box" x="{}" y="{}" width="{}" height="{}" rx="8"/>'
            '<text class="state" x="{}" y="{}">{}</text>{}',
            *(left, self._top, BOX_W, self._box_h, middle, self._top + 22, state.value),
            _text([f"\u21bb {word}" for word in self._stays(state)], middle, self._top + 40),
        )


def _few(given: list[str]) -> str:
    more = f" and {len(given) - MANY} more" if len(given) > MANY else ""
    return ", ".join(given[:MANY]) + more


def _text(lines: list[str], x: int, y: int) -> Markup:
    rows = ((x, y + LINE * number, line) for number, line in enumerate(lines))
    return join('<text x="{}" y="{}">{}</text>', rows)


def diagram(table: Table = TABLE) -> Diagram:
    """Draw the connection's state machine, or another table of the same shape."""
    return Diagram(table)
