"""HTML for notebooks and reports, on markupsafe: whatever is not `Markup` yet is escaped here, and only here."""

from collections.abc import Iterable

from markupsafe import Markup, escape

__all__ = ["Markup", "described", "fill", "join", "text"]


def text(value: object) -> Markup:
    """Escape a value, unless it is Markup. A lone surrogate, which UTF-8 does not allow, is shown as its number."""
    return value if isinstance(value, Markup) else escape(str(value).encode("utf-8", "backslashreplace").decode())


def fill(template: str, *parts: object) -> Markup:
    """Fill each {} of a piece of HTML, in turn."""
    return Markup(template.format(*map(text, parts)))


def join(template: str, rows: Iterable[tuple[object, ...]], between: str = "") -> Markup:
    """Fill a piece of HTML once for each row."""
    return Markup(between.join(fill(template, *row) for row in rows))


def described(rows: Iterable[tuple[str, object]]) -> Markup:
    """Return a list of names, each with its value."""
    return fill("<dl>{}</dl>", join("<dt>{}</dt><dd>{}</dd>", rows))
