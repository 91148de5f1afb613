"""Start, watch and stop servers from a notebook. Read `lab` first."""
