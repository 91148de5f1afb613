"""Text that people write and read: decoding files, guessing misspelt names, formatting numbers, terminal output."""
