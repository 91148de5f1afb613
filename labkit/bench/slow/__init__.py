"""Policies for slow consumers, compared on one trace."""
