"""What the site takes from the code: the picture of the layers, lists of modules, and docstrings as written."""

import pkgutil
import re
import tomllib
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ROW, GAP, WIDTH, BOX = 40, 18, 460, 132
HIDDEN = ("probes", "__main__", "exercises")  # many files of one kind, and programs


def layers() -> list[list[str]]:
    """The packages of each layer, highest first, as import-linter enforces them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    stacked = next(one["layers"] for one in contracts if one["type"] == "layers")
    return [[name.strip("() ") for name in layer.split("|")] for layer in stacked]


def picture() -> str:
    """The layers as SVG, highest first, in the colours of the page around it."""
    rows = layers()
    height = len(rows) * (ROW + GAP) + GAP
    parts = [
        f'<svg class="layers" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" '
        'aria-labelledby="layers-title" style="max-width:100%;height:auto" fill="none" stroke="currentColor">',
        "<title id='layers-title'>The layers of labkit; a package imports only from rows below its own</title>",
    ]
    for number, names in enumerate(rows):
        y = GAP + number * (ROW + GAP)
        for place, name in enumerate(names):
            x = 20 + place * (BOX + 12)
            parts.append(
                f'<rect x="{x}" y="{y}" width="{BOX}" height="{ROW}" rx="6"/>'
                f'<text x="{x + BOX / 2}" y="{y + 25}" fill="currentColor" stroke="none" font-size="15" '
                f'text-anchor="middle">{escape(name)}</text>'
            )
        if number:
            parts.append(f'<path d="M {20 + BOX / 2} {y - GAP} v {GAP} m -4 -6 l 4 6 l 4 -6"/>')
    return "\n".join([*parts, "</svg>"])


def modules(package: str) -> list[str]:
    """The modules of a package and of those inside it, in order; those of one kind by the hundred are left out."""
    home = import_module(package)
    if not hasattr(home, "__path__"):
        return [package]
    inside = pkgutil.walk_packages(home.__path__, f"{package}.")
    return [package, *(one.name for one in inside if not set(one.name.split(".")) & set(HIDDEN))]


def listed(package: str) -> str:
    """A section for each module, with its docstring and its members."""
    return "\n".join(
        f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n" for name in modules(package)
    )


def front_door() -> str:
    """The public names, each with a link to the place that documents it."""
    import labkit

    rows = ["| name | is |", "|---|---|"]
    for name in labkit.__all__:
        found: Any = getattr(labkit, name)
        if hasattr(found, "__path__"):
            rows.append(f"| `labkit.{name}` | {{py:mod}}`{found.__name__}` |")
        else:
            kind = "class" if isinstance(found, type) else "func"
            rows.append(f"| `labkit.{name}` | {{py:{kind}}}`{found.__module__}.{found.__qualname__}` |")
    return "\n".join(rows)


def write_markers(_app: object, _page: str, source: list[str]) -> None:
    """Replace the markers of a page by what the code says."""
    text = source[0]
    text = text.replace("[layers]\n", f"```{{raw}} html\n{picture()}\n```\n")
    text = text.replace("[front door]\n", front_door() + "\n")
    source[0] = re.sub(r"^\[modules: (\S+)\]$", lambda found: listed(found[1]), text, flags=re.MULTILINE)


def drawn_pages(*_: object) -> list[str]:
    """The pages that change with the code, so that they are read again each time."""
    pages = [ROOT / "docs/architecture.md", *(ROOT / "docs/api").glob("*.md")]
    return [str(page.relative_to(ROOT).with_suffix("")) for page in pages]


def readable(_app: object, _what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Docstrings are plain text: paragraphs stay paragraphs, indented lines are literal, `code` is code."""
    written: list[str] = []
    is_literal = False
    for line in lines:
        if line.startswith(" ") and line.strip():
            if not is_literal:
                written += ["", "::", ""]
                is_literal = True
            written.append(f"   {line}")
        elif line.strip():
            if is_literal:
                written.append("")
                is_literal = False
            written.append(_as_rst(line))
        else:
            written.append("")
    lines[:] = [*written, ""]


def _as_rst(line: str) -> str:
    """A line of prose with its marks escaped, and its code spans doubled."""
    pieces = line.split("`")
    if len(pieces) % 2 == 0:  # a span that goes on in the next line: all of it as text
        return re.sub(r"([\\`*_|])", r"\\\1", line)
    prose = [re.sub(r"([\\*_|])", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(
        text + (f"``{span}``" if span else "") for text, span in zip(prose, [*pieces[1::2], ""], strict=True)
    )
