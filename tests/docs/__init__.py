"""The documents, compared with the code that they describe."""
