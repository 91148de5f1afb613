"""Display widgets so that they leave text or a picture behind: a saved notebook must hold no dead widget."""

from typing import Any

from IPython.display import display


def show(widget: Any, text: str, *, replaceable: bool = True) -> Any:
    """Display a widget, with `text` for saved notebooks. Returns a handle that can replace it, or None."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    bundle = {"application/vnd.jupyter.widget-view+json": view, "text/plain": text}
    return display(bundle, raw=True, display_id=replaceable or None)  # type: ignore[no-untyped-call]
