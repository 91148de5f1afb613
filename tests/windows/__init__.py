"""Python for Windows under Wine: what labkit does there. `make windows` runs all of it."""
