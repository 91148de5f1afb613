"""Operating-system differences, and the errors that systems report."""
