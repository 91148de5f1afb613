"""Build small pieces of HTML for live views."""

from collections.abc import Iterable, Mapping, Sequence

from labkit.text.digits import digits
from labkit.text.html import Markup, fill, join

MARKS = {  # shape and colour; the word is shown too. Each colour has a contrast of 3:1 on white and on black
    "pass": ("\u2714", "#16a34a"),
    "fail": ("\u2718", "#dc2626"),
    "started": ("\u25b6", "#2563eb"),
    "help": ("\u2691", "#d97706"),
    "inconclusive": ("?", "#6b7280"),
    "critical": ("\u25b2", "#dc2626"),
    "warning": ("\u25c6", "#d97706"),
    "info": ("\u25cf", "#2563eb"),
}

PLACED = "text-align:left;padding:2px 14px 2px 0"  # JupyterLab right-aligns table cells


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table; cells of type `Markup` are not escaped."""
    heads = join('<th scope="col" style="{}">{}</th>', ((PLACED, word) for word in head))
    cells = [join('<td style="{}">{}</td>', ((PLACED, word) for word in row)) for row in rows]
    body = join("<tr>{}</tr>", ((row,) for row in cells))
    return fill("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", heads, body)


def bars(percents: Mapping[str, float], notes: Mapping[str, str] | None = None) -> Markup:
    """Return one labelled bar per row, each from 0 to 100 percent."""
    notes = notes or {}
    rows = [
        (name, bar(name, percent), f"{digits(percent)}%", notes.get(name, "")) for name, percent in percents.items()
    ]
    return table(["", "", "", ""], rows)


def bar(label: str, percent: float) -> Markup:
    """Return one bar, from 0 to 100 percent."""
    return fill('<progress aria-label="{}" max="100" value="{}" style="width:260px"></progress>', label, f"{percent:g}")


def mark(word: str) -> Markup:
    """Return HTML that shows a status as a coloured shape and a word."""
    shape, colour = MARKS.get(word, ("\u25cb", "inherit"))
    return fill(
        '<span style="white-space:nowrap"><b aria-hidden="true" style="color:{}">{}</b> {}</span>', colour, shape, word
    )
