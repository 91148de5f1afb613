"""The HTTP side of the server's port: routes, and what each of them answers with."""
