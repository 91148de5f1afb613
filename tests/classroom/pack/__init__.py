"""Packs: which wheels, how they are offered, and how a learner installs from them."""
