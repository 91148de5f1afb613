"""A duel of three prompts: what a coding assistant writes for each of them, started and reviewed. No printing here."""
