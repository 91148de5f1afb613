"""Identities that another system vouches for."""
