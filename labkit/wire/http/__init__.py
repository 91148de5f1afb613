"""The server's HTTP side: its routes, pages and metrics."""
