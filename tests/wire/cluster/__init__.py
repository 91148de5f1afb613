"""Tests of servers that share their rooms."""
