"""A server beside the notebook, started, looked after and ended with it: lab is the one that a notebook opens."""
