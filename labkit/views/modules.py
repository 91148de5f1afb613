"""Bundle JavaScript modules from labkit/web for a widget, which has no URL from which to import them.

Each module becomes a function that returns its exports, and each import reads from the function's result. Only the
syntax that those modules use is supported: named imports from the same folder, and exports at declarations.
"""

import re
from pathlib import Path

WEB = Path(__file__).parents[1] / "web"
_IMPORT = re.compile(r'^import \{ ([^}]+) \} from "\./([\w.]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) ([\w$]+))", re.MULTILINE)


def inlined(entry: Path) -> str:
    """Return the source of a module together with everything that it imports from labkit/web."""
    done: dict[str, str] = {}
    text = _with_imports(entry.read_text(encoding="utf-8"), done)
    return "\n".join([*done.values(), text])


def _with_imports(text: str, done: dict[str, str]) -> str:
    for _, name in _IMPORT.findall(text):
        if name not in done:
            body = _with_imports((WEB / f"{name}.js").read_text(encoding="utf-8"), done)
            exported = ", ".join(match[1] for match in _EXPORT.finditer(body))
            done[name] = f"const module_{name} = (() => {{\n{_EXPORT.sub('', body)}\nreturn {{ {exported} }};\n}})();"
    return _IMPORT.sub(lambda found: f"const {{ {found[1]} }} = module_{found[2]};", text)
