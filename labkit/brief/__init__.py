"""Requirements for a coding assistant, generated from the probes and the table of messages. No I/O belongs here."""
