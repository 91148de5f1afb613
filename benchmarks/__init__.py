"""Benchmarks that compare the server with others. Run them with `make bench`."""
