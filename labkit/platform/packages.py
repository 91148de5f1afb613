"""The packages that labkit may miss, and the one sentence that says how to install them.

labkit's distribution has another name than its import: on the package index, the name `labkit` belongs to a stranger.
"""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "realtime-labkit"
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


def install(extra: str) -> str:
    """Return the command that installs an extra, with the quotes that every shell understands."""
    return f'pip install "{DISTRIBUTION}[{extra}]"'


def missing(module: str, otherwise: str = "") -> str:
    """Return the sentence for a module of EXTRAS that is not installed. `otherwise`: what also helps."""
    name, extra = EXTRAS[module]
    return f"{name} is not installed; {install(extra)}{otherwise and f', or {otherwise}'}"


def missing_package(error: BaseException) -> str | None:
    """Return the same sentence for a failed import; None if it is not the import of a module of EXTRAS."""
    module = ((isinstance(error, ModuleNotFoundError) and error.name) or "").partition(".")[0]
    return missing(module) if module in EXTRAS else None
