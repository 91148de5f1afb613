"""The HTTP side of the server: routes and their responses."""
