"""The packages that labkit may miss, and the one sentence that says how to install them.

labkit's distribution has another name than its import: on the package index, the name `labkit` belongs to a stranger.
"""

import sys
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "realtime-labkit"
# Modules that labkit needs everywhere, and how people know them.
REQUIRED = {
    "click": "click",
    "itsdangerous": "itsdangerous",
    "markupsafe": "MarkupSafe",
    "msgspec": "msgspec",
    "prometheus_client": "prometheus-client",
    "psutil": "psutil",
    "jwt": "PyJWT",
    "pythonjsonlogger": "python-json-logger",
    "websockets": "websockets",
}
# The module that an import does not find: how people know it, and the extra of pyproject.toml that brings it.
EXTRAS = {
    "anywidget": ("anywidget", "lab"),
    "cryptography": ("cryptography", "class"),
    "IPython": ("IPython", "lab"),
    "ipykernel": ("ipykernel", "lab"),
    "ipywidgets": ("ipywidgets", "lab"),
    "jupyter_client": ("jupyter-client", "lab"),
    "jupyterlab": ("JupyterLab", "lab"),
    "matplotlib": ("matplotlib", "lab"),
    "nats": ("nats-py", "cluster"),
    "nats_server": ("nats-server", "cluster"),
    "nbgrader": ("nbgrader", "grading"),
    "pandas": ("pandas", "lab"),
    "tornado": ("tornado", "lab"),
    "traitlets": ("traitlets", "lab"),
    "uvloop": ("uvloop", "fast"),
}


def installed_version() -> str:
    """Return labkit's version, also where only its code lies on the path."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


def install(extra: str = "") -> str:
    """Return the command that installs labkit with an extra, with the quotes that every shell understands."""
    return f'pip install "{DISTRIBUTION}[{extra}]"' if extra else f"pip install {DISTRIBUTION}"


def missing(module: str, otherwise: str = "", wanted: str = "") -> str:
    """Return the sentence for a module that is not installed. `otherwise`: what also helps.

    `wanted`: the extra to install, if several bring the module. A module that no table names is a part of another
    package: installing `lab` installs what it lacks.
    """
    name, extra = EXTRAS.get(module) or (REQUIRED.get(module, module), "" if module in REQUIRED else "lab")
    return f"{name} is not installed; {install(wanted or extra)}{otherwise and f', or {otherwise}'}"


def missing_package(error: BaseException) -> str | None:
    """Return one sentence for a failed import of a package; None if it is none, or a module of labkit itself."""
    name = (isinstance(error, ImportError) and error.name) or ""
    module = name.partition(".")[0]
    if module in ("", "labkit"):
        return None
    if module in sys.stdlib_module_names:
        return f"this Python lacks its own module {name}; run labkit with another Python 3.11 or newer"
    if isinstance(error, ModuleNotFoundError) and name == module:
        return missing(module)
    extra = EXTRAS.get(module, ("", "" if module in REQUIRED else "lab"))[1]
    return f"labkit cannot use the installed {module} ({error}); {install(extra)} --upgrade --force-reinstall"
