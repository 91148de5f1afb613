"""A deploy that goes wrong: version 2 has a fault, and an operator decides to roll it back. Read `run` first."""
