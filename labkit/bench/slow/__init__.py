"""What a server may do with what a slow member has not read. Taught in notebook 06 (slow consumers)."""
