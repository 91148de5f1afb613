"""Load on a room server: many members who talk, and how late everybody heard it."""
