"""Identities that another system vouches for: a JSON Web Token, a session cookie, or a gateway in front of the server.

Each module here checks one of them and knows no connection. `Sessions` starts the session.
"""
