"""Tests of the brokers, against real ones."""
