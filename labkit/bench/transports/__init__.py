"""Measure four ways to bring an update to a screen side by side, and advise which one fits a need."""
