"""Small pieces of HTML for live views. Whatever came over the wire is escaped here, and only here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

MARKS = {  # a shape and a word beside the colour, so that nothing depends on seeing it
    "pass": ("\u2714", "#15803d"),
    "fail": ("\u2718", "#b91c1c"),
    "started": ("\u25b6", "#1d4ed8"),
    "help": ("\u270b", "#b45309"),
    "inconclusive": ("?", "#6b7280"),
    "critical": ("\u25b2", "#b91c1c"),
    "warning": ("\u25c6", "#b45309"),
    "info": ("\u25cf", "#1d4ed8"),
}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; cells that are `Html` go in as they are."""
    heads = "".join(
        f'<th scope="col" style="text-align:left;padding:2px 14px 2px 0">{_cell(word)}</th>' for word in head
    )
    body = "".join(
        "<tr>" + "".join(f'<td style="padding:2px 14px 2px 0">{_cell(word)}</td>' for word in row) + "</tr>"
        for row in rows
    )
    return Html(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")


def bars(percents: Mapping[str, float], notes: Mapping[str, str] | None = None) -> str:
    """A bar a line, 0 to 100, with its number in words."""
    notes = notes or {}
    rows = [(name, bar(name, percent), f"{percent:g} %", notes.get(name, "")) for name, percent in percents.items()]
    return table(["", "", "", ""], rows)


def bar(label: str, percent: float) -> "Html":
    """One bar."""
    return Html(f'<progress aria-label="{escape(label)}" max="100" value="{percent:g}" style="width:260px"></progress>')


def mark(word: str) -> "Html":
    """A status as shape, colour and word."""
    shape, colour = MARKS.get(word, ("\u25cb", "inherit"))
    return Html(
        f'<span style="color:{colour};white-space:nowrap"><b aria-hidden="true">{shape}</b> {escape(word)}</span>'
    )


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _cell(word: object) -> str:
    return word if isinstance(word, Html) else escape(str(word))
