"""What learners look at: the only folder that imports ipywidgets, anywidget or matplotlib. Views poll; nobody pushes.

from labkit.views import LivePanel, diagram
"""

from labkit.views.chart import Chart
from labkit.views.diagram import Diagram, diagram
from labkit.views.live_panel import LivePanel
from labkit.views.prediction import Prediction

__all__ = ["Chart", "Diagram", "LivePanel", "Prediction", "diagram"]
