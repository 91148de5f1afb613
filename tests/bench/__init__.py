"""What one does to a running server."""
