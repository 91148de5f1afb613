"""Display widgets that leave text or a picture behind, because a saved notebook must not contain a dead widget."""

from typing import Any

from IPython.display import display


def show(widget: Any, text: str, *, replaceable: bool = True) -> Any:
    """Display a widget, with `text` for saved notebooks. Returns a handle to replace it later, or None."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    bundle = {"application/vnd.jupyter.widget-view+json": view, "text/plain": text}
    return display(bundle, raw=True, display_id=replaceable or None)  # type: ignore[no-untyped-call]
