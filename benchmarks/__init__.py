"""What the server is measured against, and how. `make bench`."""
