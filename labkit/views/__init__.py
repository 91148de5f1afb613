"""Widgets and pictures for notebooks.

Only this package imports ipywidgets, anywidget or matplotlib. Views poll their data.
"""

from labkit.views.uninterrupted_import import uninterrupted

with uninterrupted():
    from labkit.views import display_hooks, html
    from labkit.views.chart import Chart, ages, largest_outboxes, latencies, outboxes, round_trips
    from labkit.views.class_board import ClassBoard
    from labkit.views.dashboard import Dashboard
    from labkit.views.diagram import Diagram, diagram
    from labkit.views.live_panel import LivePanel
    from labkit.views.live_view import LiveView
    from labkit.views.prediction import Prediction
    from labkit.views.source import show_source
    from labkit.views.storm_dots import StormDots
    from labkit.views.transports import Decision

    display_hooks.register()

__all__ = [
    "Chart",
    "ClassBoard",
    "Dashboard",
    "Decision",
    "Diagram",
    "LivePanel",
    "LiveView",
    "Prediction",
    "StormDots",
    "ages",
    "diagram",
    "html",
    "largest_outboxes",
    "latencies",
    "outboxes",
    "round_trips",
    "show_source",
]
