"""Build small pieces of HTML for live views. All text is escaped in this module and nowhere else."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from labkit.text.digits import digits

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


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells of type `Html` are not escaped."""
    heads = "".join(f'<th scope="col" style="{PLACED}">{_cell(word)}</th>' for word in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{PLACED}">{_cell(word)}</td>' for word in row) + "</tr>" for row in rows
    )
    return Html(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")


def bars(percents: Mapping[str, float], notes: Mapping[str, str] | None = None) -> str:
    """Return one labelled bar per row, each from 0 to 100 percent."""
    notes = notes or {}
    rows = [
        (name, bar(name, percent), f"{digits(percent)} %", notes.get(name, "")) for name, percent in percents.items()
    ]
    return table(["", "", "", ""], rows)


def bar(label: str, percent: float) -> "Html":
    """Return one bar, from 0 to 100 percent."""
    return Html(f'<progress aria-label="{escape(label)}" max="100" value="{percent:g}" style="width:260px"></progress>')


def mark(word: str) -> "Html":
    """Return HTML that shows a status as a coloured shape and a word."""
    shape, colour = MARKS.get(word, ("\u25cb", "inherit"))
    seen = f'<b aria-hidden="true" style="color:{colour}">{shape}</b>'
    return Html(f'<span style="white-space:nowrap">{seen} {escape(word)}</span>')


class Html(str):
    """Text that is already HTML and is not escaped."""

    __slots__ = ()


def _cell(word: object) -> str:
    return word if isinstance(word, Html) else escape(str(word))
