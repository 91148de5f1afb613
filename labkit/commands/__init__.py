"""The command-line verbs, one module per verb."""
