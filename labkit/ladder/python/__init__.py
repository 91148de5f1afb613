"""The server in Python, on `websockets`, and its patches."""
